"""A stack of the program, reached by the Pulumi CLI: one in the caller's backend, or stack `local`."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

from workspace.errors import WorkspaceError
from workspace.paths import MAIN_CONFIG, MAIN_ROOT, REPOSITORY
from workspace.pulumi import Note, ignore, run_pulumi, with_tools

LOCAL: Final = "local"

# Commands that read the stack's config, and so must be told where it lies.
READS_CONFIG: Final = frozenset({"config", "destroy", "import", "preview", "refresh", "up"})

# A user's own variables that would steer stack `local` to a real account or to other secrets.
STRAY_VARIABLES: Final = ("AWS_", "PULUMI_CONFIG_PASSPHRASE", "PULUMI_DEBUG_PROVIDERS")


@dataclass(frozen=True, kw_only=True)
class Stack:
    """A stack, and what the Pulumi CLI must see to reach it. `config_file` is None for the usual one."""

    name: str
    environment: Mapping[str, str]
    config_file: Path | None = None

    def arguments(self, *arguments: str) -> list[str]:
        """Return `arguments` of `pulumi` with those that name the stack and its config."""
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
        )

    def outputs(self) -> dict[str, object]:
        """Return the stack's outputs, secrets masked. Raises WorkspaceError."""
        return cast("dict[str, object]", json.loads(self.run("stack", "output", "--json")))


@dataclass(frozen=True)
class LocalBackend:
    """The folder that holds a stack `local`: its state, its passphrase, how to reach its providers."""

    root: Path

    @property
    def state(self) -> Path:
        """Pulumi's backend."""
        return self.root / "state"

    @property
    def passphrase(self) -> Path:
        """File with what encrypts the stack's secrets."""
        return self.root / "passphrase"

    @property
    def engine(self) -> Path:
        """What `stack` takes as `engine`, as JSON: the local cloud says it to those outside."""
        return self.root / "engine.json"

    def has_stack(self) -> bool:
        """Tell whether the stack has been created."""
        return (self.state / ".pulumi" / "stacks" / "glow" / f"{LOCAL}.json").exists()

    def stack(self, config_file: Path, engine: Mapping[str, str], say: Note) -> Stack:
        """Return the stack, in the caller's environment less what would steer it elsewhere.

        `engine` holds the variables by which the engine finds the local cloud's providers.
        """
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(STRAY_VARIABLES)
        }
        environment = {
            **with_tools(inherited, say),
            **engine,
            "PULUMI_BACKEND_URL": self.state.as_uri(),
            "PULUMI_CONFIG_PASSPHRASE_FILE": str(self.passphrase),
            "PULUMI_STACK": LOCAL,
        }
        return Stack(name=LOCAL, environment=environment, config_file=config_file)


def stack_named(name: str, say: Note) -> Stack:
    """Return stack `name`: `local` is that of `make up`, others lie in the caller's own backend.

    `say` is told if the Pulumi CLI must be made first. Raises WorkspaceError.
    """
    if name != LOCAL:
        return Stack(name=name, environment=with_tools(os.environ, say))
    backend = LocalBackend(MAIN_ROOT)
    if not (backend.has_stack() and backend.engine.exists()):
        raise WorkspaceError(f"Stack {LOCAL} does not exist in {backend.state}. Make it: make up")
    engine = cast("dict[str, str]", json.loads(backend.engine.read_text()))
    return backend.stack(MAIN_CONFIG, engine, say)
