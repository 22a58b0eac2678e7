"""Stack `local` of the program: the real Pulumi CLI with the right environment."""

import json
import os
import secrets
import shutil
import sys
from pathlib import Path
from typing import Final, cast

from local import config
from local.clients import Endpoints
from local.cloud import LocalCloud
from local.engine import Note, ignore, run_engine
from local.engine_lock import clear_dead_locks
from local.errors import LocalError
from local.paths import REPOSITORY
from local.toolchain import pulumi_folder

STACK: Final = "local"
WEBHOOK_SECRET: Final = "glow:HeliusWebhookSecret"  # noqa: S105  the key's name
FLAG: Final = "glow:USE_EDGE_BROADCAST"
ROUTING: Final = "glow:routing"
EDGE_SECRET: Final = "glow:EdgeBroadcastSecret"  # noqa: S105

# Commands that read the stack's config. They need --config-file.
READS_CONFIG: Final = frozenset({"config", "destroy", "import", "preview", "refresh", "up"})

# How `up` fills an emptied cloud again. The program runs before the refresh, because the provider
# configuration in the state may name an old port. Invocations are made again in any case: a refresh
# cannot see that the effect of a call is lost.
HEALING: Final = (
    "--refresh",
    "--run-program",
    "--replace",
    "**aws:lambda/invocation:Invocation::**",
)

# Variables of the user that would lead this stack to a real account or to other secrets.
STRAY_VARIABLES: Final = ("AWS_", "PULUMI_CONFIG_PASSPHRASE", "PULUMI_DEBUG_PROVIDERS")


class LocalStack:
    """The program deployed on one local cloud; its backend and passphrase lie in the cloud's root."""

    def __init__(self, cloud: LocalCloud, *, config_file: Path | None = None) -> None:
        self.cloud = cloud
        self.config_file = config_file or cloud.root / f"Pulumi.{STACK}.yaml"
        self._backend = cloud.root / "state"
        self._passphrase = cloud.root / "passphrase"
        # Holds `LocalCloud.incarnation` as it was at the last deployment.
        self._deployed_into = cloud.root / "deployed-into"

    @property
    def environment(self) -> dict[str, str]:
        """The Pulumi CLI's environment: the user's, without STRAY_VARIABLES."""
        programs = [str(Path(sys.executable).parent), str(pulumi_folder(ignore))]
        # The language host takes the first `python` on PATH: it must be the one that runs this.
        path = os.pathsep.join([*programs, os.environ.get("PATH", os.defpath)])
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(STRAY_VARIABLES)
        }
        return (
            inherited
            | self.cloud.engine_environment
            | {
                "PATH": path,
                "PULUMI_BACKEND_URL": self._backend.as_uri(),
                "PULUMI_CONFIG_PASSPHRASE_FILE": str(self._passphrase),
                "PULUMI_SKIP_UPDATE_CHECK": "true",
                "PULUMI_STACK": STACK,
                "PULUMI_SUPPRESS_NEO_LINK": "true",
            }
        )

    def exists(self) -> bool:
        """Tell whether the stack has been created."""
        return (self._backend / ".pulumi" / "stacks" / "glow" / f"{STACK}.json").exists()

    def prepare(self) -> None:
        """Make passphrase, backend, stack and config, or bring them up to date."""
        self._backend.mkdir(parents=True, exist_ok=True)
        if not self._passphrase.exists():
            self._passphrase.touch(mode=0o600)
            self._passphrase.write_text(secrets.token_urlsafe(32))
        if not self.exists():
            self._create()
        follows = (
            config.aws_keys(self.cloud.aws_url)
            | config.cloudflare_keys(self.cloud.cloudflare_api_url, self.cloud.worker_url)
            | config.machine_keys()
        )
        config.regenerate(self.config_file, follows)
        for key in (WEBHOOK_SECRET, EDGE_SECRET):
            if not config.has_key(self.config_file, key):
                self.config_set(key, secrets.token_urlsafe(32), secret=True)

    def up(self, note: Note = ignore) -> str:
        """Deploy. If the cloud was restarted since the last time, it is empty and is filled again."""
        self.prepare()
        incarnation = self.cloud.incarnation
        if not self._deployed_into.exists():
            self._deployed_into.write_text(incarnation)
        restarted = self._deployed_into.read_text() != incarnation
        heal = HEALING if restarted else ()
        output = self.run("up", "--yes", "--skip-preview", *heal, note=note)
        self._deployed_into.write_text(incarnation)
        return output

    def preview(self, *, expect_no_changes: bool = False) -> str:
        """Show what `up` would do; with `expect_no_changes`, a change is an error."""
        return self.run("preview", *(["--expect-no-changes"] if expect_no_changes else []))

    def destroy(self) -> str:
        """Delete every resource; the stack itself and its config stay."""
        return self.run("destroy", "--yes", "--skip-preview")

    def outputs(self) -> dict[str, object]:
        """Return the stack's outputs, secrets masked."""
        if not self.exists():
            raise LocalError(f"Stack {STACK} does not exist in {self._backend}. Run: make up")
        return cast("dict[str, object]", json.loads(self.run("stack", "output", "--json")))

    def endpoints(self) -> Endpoints:
        """Return where the deployed stack is reached."""
        found = self.outputs()
        if "WebhookUrl" not in found:
            raise LocalError(f"Nothing is deployed on stack {STACK}. Deploy it: make up")
        return Endpoints(
            webhook_url=str(found["WebhookUrl"]),
            rest_url=str(found["RestApiUrl"]),
            websocket_url=str(found["WebSocketUrl"]),
            edge_url=self.cloud.worker_url,
            webhook_key=self.webhook_key(),
        )

    def webhook_key(self) -> str:
        """Return what the webhook expects in `Authorization: Bearer …`."""
        return self.config_get(WEBHOOK_SECRET)

    def config_get(self, key: str) -> str:
        """Return the value of `key`, decrypted."""
        return self.run("config", "get", key).rstrip("\n")

    def config_set(self, key: str, value: str, *, secret: bool = False) -> None:
        """Set `key` for the next `up`; `value` travels on stdin, where no process list shows it."""
        kind = "--secret" if secret else "--plaintext"
        self.run("config", "set", key, kind, stdin=value)

    def clear_dead_locks(self) -> None:
        """Remove what an engine that was killed has left in the way of the next one."""
        clear_dead_locks(self._backend)

    def run(self, *arguments: str, stdin: str = "", note: Note = ignore) -> str:
        """Run `pulumi <arguments>` and return what it prints; `note` hears each line at once."""
        self.clear_dead_locks()
        where = ["--config-file", str(self.config_file)] if arguments[0] in READS_CONFIG else []
        command = ["pulumi", *arguments, *where, "--non-interactive", "--color", "never"]
        return run_engine(
            command, cwd=REPOSITORY, environment=self.environment, stdin=stdin, note=note
        )

    def _create(self) -> None:
        # `stack init` has no --config-file: in another folder it writes nothing into the repository.
        folder = self.cloud.root / "project"
        folder.mkdir(exist_ok=True)
        shutil.copy(REPOSITORY / "Pulumi.yaml", folder)
        command = ["pulumi", "stack", "init", STACK, "--non-interactive"]
        run_engine(command, cwd=folder, environment=self.environment)
