"""Stacks of the program: those in the caller's backend, and stack `local`."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

from workspace.engine import Note, ignore
from workspace.errors import WorkspaceError
from workspace.paths import MAIN_CONFIG, MAIN_ROOT, REPOSITORY
from workspace.pulumi import run_pulumi, with_tools

LOCAL: Final = "local"
LOCAL_LAUNCHER: Final = "bin/pulumi-local"

# Commands that read the stack's config. They need --config-file.
READS_CONFIG: Final = frozenset({"config", "destroy", "import", "preview", "refresh", "up"})

# With these variables of the user, stack `local` would use a real account or other secrets.
STRAY_VARIABLES: Final = ("AWS_", "PULUMI_CONFIG_PASSPHRASE", "PULUMI_DEBUG_PROVIDERS")


# By itself the CLI writes all of the state, and a backup of it, after each resource: three quarters of an `up`
# here. With these it writes the state when it ends, also after Ctrl-C; who kills it begins anew (make reset).
_STATE_IS_WRITTEN_ONCE: Final = {
    "PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS": "true",
    "PULUMI_EXPERIMENTAL": "true",
    "PULUMI_SKIP_CHECKPOINTS": "true",
}


@dataclass(frozen=True, kw_only=True)
class Stack:
    """A stack and the environment in which the Pulumi CLI reaches it.

    A `config_file` of None is `Pulumi.<name>.yaml` beside Pulumi.yaml. `launcher` is what a user runs
    in place of `pulumi` for this stack.
    """

    name: str
    environment: Mapping[str, str]
    config_file: Path | None = None
    launcher: str = "pulumi"

    def arguments(self, *arguments: str) -> list[str]:
        """Return `arguments` for `pulumi`, with the stack and its config file named."""
        reads_config = arguments[0] in READS_CONFIG and self.config_file is not None
        where = ["--config-file", str(self.config_file)] if reads_config else []
        return [*arguments, "--stack", self.name, *where]

    def run(self, *arguments: str, stdin: str = "", note: Note = ignore) -> str:
        """Run `pulumi <arguments>` on this stack and return what it prints. Raises WorkspaceError."""
        return run_pulumi(
            self.arguments(*arguments),
            cwd=REPOSITORY,
            environment=self.environment,
            stdin=stdin,
            note=note,
            launcher=self.launcher,
        )

    def set_config(self, key: str, value: str, *, secret: bool = False) -> None:
        """Set `key` for the next `up`; `value` travels on stdin, where no process list shows it."""
        kind = "--secret" if secret else "--plaintext"
        self.run("config", "set", key, kind, stdin=value)

    def outputs(self) -> dict[str, object]:
        """Return the stack's outputs, secrets masked. Raises WorkspaceError."""
        return cast("dict[str, object]", json.loads(self.run("stack", "output", "--json")))


@dataclass(frozen=True)
class LocalBackend:
    """The folder of a stack `local`. It holds the state, the passphrase and the engine's variables."""

    root: Path

    @property
    def state(self) -> Path:
        """Pulumi's backend."""
        return self.root / "state"

    @property
    def passphrase(self) -> Path:
        """The file with the passphrase of the stack's secrets."""
        return self.root / "passphrase"

    @property
    def engine(self) -> Path:
        """The file in which the local cloud keeps `engine` of `stack` for other programs, as JSON."""
        return self.root / "engine.json"

    def has_stack(self) -> bool:
        """Tell whether the stack has been created."""
        return (self.state / ".pulumi" / "stacks" / "glow" / f"{LOCAL}.json").exists()

    def stack(self, config_file: Path, engine: Mapping[str, str], say: Note) -> Stack:
        """Return the stack, in the caller's environment without STRAY_VARIABLES.

        `engine` holds variables that tell the engine where the local cloud's providers are.
        """
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(STRAY_VARIABLES)
        }
        environment = {
            **with_tools(inherited, say),
            **engine,
            **_STATE_IS_WRITTEN_ONCE,
            "PULUMI_BACKEND_URL": self.state.as_uri(),
            "PULUMI_CONFIG_PASSPHRASE_FILE": str(self.passphrase),
            "PULUMI_STACK": LOCAL,
        }
        return Stack(
            name=LOCAL, environment=environment, config_file=config_file, launcher=LOCAL_LAUNCHER
        )


def stack_named(name: str, say: Note) -> Stack:
    """Return stack `name`. `local` is the one of `make up`; others are in the caller's own backend.

    If the Pulumi CLI must be made first, `say` hears of it. Raises WorkspaceError.
    """
    if name != LOCAL:
        return Stack(name=name, environment=with_tools(os.environ, say))
    backend = LocalBackend(MAIN_ROOT)
    if not (backend.has_stack() and backend.engine.exists()):
        raise WorkspaceError(f"Stack {LOCAL} does not exist in {backend.state}. Make it: make up")
    engine = cast("dict[str, str]", json.loads(backend.engine.read_text()))
    return backend.stack(MAIN_CONFIG, engine, say)
