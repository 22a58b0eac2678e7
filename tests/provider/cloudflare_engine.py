"""Runs `cloudflare_program/` with the real Pulumi engine, the stand-in and the local Cloudflare."""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self, TypedDict, cast

import httpx

from local.process import BackgroundProcess
from workspace.engine import ignore
from workspace.paths import REPOSITORY
from workspace.toolchain import pulumi_folder

PROGRAM: Final = Path(__file__).parent / "cloudflare_program"
START_SECONDS: Final = 60


class _Zone(TypedDict):
    id: str


class _Account(TypedDict):
    id: str
    apiToken: str
    zone: _Zone


class Ready(TypedDict):
    """The server's ready line."""

    api: str
    worker: str
    account: _Account


class EngineError(Exception):
    """The CLI failed; the text is the CLI's output."""


class LocalCloudflare:
    """The server, in a process that a test can stop and start again."""

    def __init__(self, folder: Path) -> None:
        self._root = folder / "root"
        self._process = BackgroundProcess("cloudflare", folder)

    def __enter__(self) -> Self:
        self._start("0", "0")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.stop()

    @property
    def ready(self) -> Ready:
        """The server's ready line, with its URLs."""
        return cast("Ready", json.loads(self.log.splitlines()[0]))

    @property
    def log(self) -> str:
        """Everything that the server has printed."""
        return self._process.log.read_text()

    def restart(self, *, empty: bool) -> None:
        """Stop the server and start it on the same ports, with or without its data."""
        ports = (httpx.URL(url).port for url in (self.ready["api"], self.ready["worker"]))
        api_port, worker_port = map(str, ports)
        self._process.stop()
        if empty:
            shutil.rmtree(self._root)
        self._start(api_port, worker_port)

    def _start(self, api_port: str, worker_port: str) -> None:
        server = [_program("node"), "local/cloudflare/server.mjs", "--root", str(self._root)]
        ports = ["--api-port", api_port, "--worker-port", worker_port]
        environment = {"PATH": os.environ["PATH"]}
        self._process.start([*server, *ports], environment=environment, cwd=REPOSITORY)
        self._process.wait_until(lambda: "\n" in self.log, seconds=START_SECONDS)


class Engine:
    """A copy of the program with its own backend, and the CLI's commands for it."""

    def __init__(self, folder: Path, ready: Ready) -> None:
        self._folder = shutil.copytree(PROGRAM, folder / "program")
        self._provider = BackgroundProcess("provider", folder)
        (folder / "state").mkdir()
        programs = [str(Path(sys.executable).parent), str(pulumi_folder(ignore))]
        self._environment = {
            "HOME": os.environ["HOME"],
            "PATH": os.pathsep.join([*programs, os.environ["PATH"]]),
            "PULUMI_BACKEND_URL": (folder / "state").as_uri(),
            "PULUMI_CONFIG_PASSPHRASE": "tiny",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
        }
        self._pulumi("stack", "init", "test")
        self.configure("cloudflare:baseUrl", ready["api"])
        self.configure("cloudflare:apiToken", ready["account"]["apiToken"], secret=True)
        self.configure("account", ready["account"]["id"])
        self.configure("zone", ready["account"]["zone"]["id"])

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "local.provider", "--port", "cloudflare=0"]
        environment = {"PATH": os.environ["PATH"]}
        self._provider.start(command, environment=environment, cwd=REPOSITORY)
        log = self._provider.log
        self._provider.wait_until(lambda: "\n" in log.read_text(), seconds=START_SECONDS)
        port = cast("dict[str, int]", json.loads(log.read_text().splitlines()[0]))["cloudflare"]
        self._environment["PULUMI_DEBUG_PROVIDERS"] = f"cloudflare:{port}"
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._provider.stop()

    @property
    def provider_log(self) -> str:
        """Everything that the provider has printed."""
        return self._provider.log.read_text()

    def configure(self, key: str, value: str, *, secret: bool = False) -> None:
        """Set a key of the configuration."""
        self._pulumi("config", "set", "--secret" if secret else "--plaintext", key, value)

    def unset(self, key: str) -> None:
        """Remove a key of the configuration."""
        self._pulumi("config", "rm", key)

    def write_code(self, name: str, text: str) -> None:
        """Change a module of the Worker."""
        (self._folder / "code" / name).write_text(text)

    def up(self, *options: str) -> "Done":
        """Deploy."""
        return Done(self._pulumi("up", "--yes", "--skip-preview", *options))

    def preview(self) -> str:
        """Preview, and return the CLI's output."""
        return self._pulumi("preview", "--diff")

    def refresh(self) -> str:
        """Refresh; raise EngineError if anything has changed."""
        return self._pulumi("refresh", "--yes", "--skip-preview", "--expect-no-changes")

    def destroy(self) -> "Done":
        """Delete everything."""
        return Done(self._pulumi("destroy", "--yes", "--skip-preview"))

    def export(self) -> str:
        """The state in the backend."""
        return self._pulumi("stack", "export")

    def _pulumi(self, *arguments: str) -> str:
        done = subprocess.run(
            ["pulumi", *arguments, "--non-interactive", "--color", "never"],
            cwd=self._folder,
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise EngineError(done.stdout + done.stderr)
        return done.stdout


@dataclass(frozen=True)
class Done:
    """The CLI's output for a deployment."""

    printed: str

    def names(self, what: str) -> set[str]:
        """The program's names of the resources that were `what`: "created", "updated", "replaced"."""
        # Not line by line: the engine also prints dots while it waits, without an end of line.
        return set(re.findall(rf"cloudflare:index\S* (\S+) {what}\b", self.printed))


def _program(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        raise FileNotFoundError(f"{name} is not on PATH")
    return path
