"""Stack `local` of the program: made, deployed and destroyed on one local cloud."""

import json
import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from local import config
from local.clients import Endpoints
from local.cloud import LocalCloud
from local.errors import LocalError
from workspace.engine import InterruptedEngineError, Note, ignore
from workspace.engine_lock import clear_dead_locks
from workspace.paths import REPOSITORY
from workspace.pulumi import run_pulumi
from workspace.stack import LOCAL, LocalBackend, Stack

WEBHOOK_SECRET: Final = "glow:HeliusWebhookSecret"  # noqa: S105  the key's name
HELIUS_API_KEY: Final = "glow:HeliusApiKey"
FLAG: Final = "glow:USE_EDGE_BROADCAST"
ROUTING: Final = "glow:routing"
EDGE_SECRET: Final = "glow:EdgeBroadcastSecret"  # noqa: S105

# How `up` fills an emptied cloud again. The program runs before the refresh, because the provider
# configuration in the state may name an old port. Invocations are made again in any case: a refresh
# cannot see that the effect of a call is lost.
HEALING: Final = (
    "--refresh",
    "--run-program",
    "--replace",
    "**aws:lambda/invocation:Invocation::**",
)


class LocalStack:
    """The program deployed on one local cloud; its backend and passphrase lie in the cloud's root."""

    def __init__(self, cloud: LocalCloud, *, config_file: Path | None = None) -> None:
        self.cloud = cloud
        self.config_file = config_file or cloud.root / f"Pulumi.{LOCAL}.yaml"
        self._backend = LocalBackend(cloud.root)
        # Holds `LocalCloud.incarnation` as it was at the last deployment.
        self._deployed_into = cloud.root / "deployed-into"

    @property
    def target(self) -> Stack:
        """The stack as the Pulumi CLI reaches it."""
        return self._backend.stack(self.config_file, self.cloud.engine_environment, ignore)

    @property
    def environment(self) -> Mapping[str, str]:
        """What the Pulumi CLI sees."""
        return self.target.environment

    def prepare(self) -> None:
        """Make passphrase, backend, stack and config, or bring them up to date."""
        self._backend.state.mkdir(parents=True, exist_ok=True)
        self._backend.engine.write_text(json.dumps(self.cloud.engine_environment))
        passphrase = self._backend.passphrase
        if not passphrase.exists():
            passphrase.touch(mode=0o600)
            passphrase.write_text(secrets.token_urlsafe(32))
        if not self._backend.has_stack():
            self._create()
        follows = (
            config.aws_keys(self.cloud.aws_url)
            | config.cloudflare_keys(self.cloud.cloudflare_api_url, self.cloud.worker_url)
            | config.helius_keys(self.cloud.helius_url)
            | config.jupiter_keys(self.cloud.jupiter_url)
            | config.machine_keys()
        )
        config.regenerate(self.config_file, follows)
        made = {key: secrets.token_urlsafe(32) for key in (WEBHOOK_SECRET, EDGE_SECRET)}
        for key, secret in (made | {HELIUS_API_KEY: config.HELIUS_KEY}).items():
            if not config.has_key(self.config_file, key):
                self.config_set(key, secret, secret=True)

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
        if not self._backend.has_stack():
            raise LocalError(f"Stack {LOCAL} does not exist in {self._backend.state}. Run: make up")
        return self.target.outputs()

    def endpoints(self) -> Endpoints:
        """Return where the deployed stack is reached."""
        found = self.outputs()
        if "WebhookUrl" not in found:
            raise LocalError(f"Nothing is deployed on stack {LOCAL}. Deploy it: make up")
        return Endpoints(
            webhook_url=str(found["WebhookUrl"]),
            rest_url=str(found["RestApiUrl"]),
            websocket_url=str(found["WebSocketUrl"]),
            edge_url=self.cloud.worker_url,
            webhook_key=self.webhook_key(),
            helius_url=self.cloud.helius_url,
        )

    def webhook_key(self) -> str:
        """Return what the webhook expects in `Authorization: Bearer …`."""
        return self.config_get(WEBHOOK_SECRET)

    def config_get(self, key: str) -> str:
        """Return the value of `key`, decrypted."""
        return self.run("config", "get", key).rstrip("\n")

    def config_set(self, key: str, value: str, *, secret: bool = False) -> None:
        """Set `key` for the next `up`."""
        self.target.set_config(key, value, secret=secret)

    def clear_dead_locks(self) -> None:
        """Remove what an engine that was killed has left in the way of the next one."""
        clear_dead_locks(self._backend.state)

    def run(self, *arguments: str, stdin: str = "", note: Note = ignore) -> str:
        """Run `pulumi <arguments>` and return what it prints; `note` hears each line at once."""
        self.clear_dead_locks()
        try:
            return self.target.run(*arguments, stdin=stdin, note=note)
        except InterruptedEngineError as error:
            raise InterruptedEngineError(f"{error} Go on: make up") from error

    def _create(self) -> None:
        # `stack init` has no --config-file: in another folder it writes nothing into the repository.
        folder = self.cloud.root / "project"
        folder.mkdir(exist_ok=True)
        shutil.copy(REPOSITORY / "Pulumi.yaml", folder)
        run_pulumi(["stack", "init", LOCAL], cwd=folder, environment=self.environment)
