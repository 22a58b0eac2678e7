"""The emulated AWS (ministack) and the Pulumi providers that speak to it, as background processes."""

import json
import os
import socket
import sys
from pathlib import Path
from types import TracebackType
from typing import Final, Self, cast

import httpx

from local.paths import REPOSITORY
from local.process import BackgroundProcess
from local.venv import ensure_venv

LOOPBACK: Final = "127.0.0.1"
MINISTACK_LOCK: Final = Path(__file__).parent / "toolchain" / "ministack.txt"

# Where AWS's emulators listen by custom, so that a user's other tools find it.
CUSTOMARY_AWS_PORT: Final = 4566

START_SECONDS: Final = 60

# A user's credentials, profiles and endpoints stay out: nothing here may reach a real account, and
# ministack would take its root key from them.
KEPT_VARIABLES: Final = ("HOME", "LANG", "LC_ALL", "PATH", "SSL_CERT_FILE")


class LocalCloud:
    """One emulated cloud: its processes, ports and logs under `root`; several may run at once.

    `aws_port=0` takes any free port. Without `stand_in` the real Pulumi plugins are left to find
    the cloud by the stack's provider configuration alone.
    """

    def __init__(
        self, root: Path, *, aws_port: int = CUSTOMARY_AWS_PORT, stand_in: bool = True
    ) -> None:
        self.root = root
        self._wanted_aws_port = aws_port
        self._stand_in = stand_in
        self._ministack = BackgroundProcess("ministack", root)
        self._providers = BackgroundProcess("providers", root)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def aws_url(self) -> str:
        """The one endpoint of every AWS service."""
        return f"http://{LOOPBACK}:{self._ports()['aws']}"

    @property
    def incarnation(self) -> str:
        """Another text after each start of the emulator, which begins empty."""
        return self._ministack.identity

    @property
    def engine_environment(self) -> dict[str, str]:
        """What the Pulumi engine must see to use the stand-in providers."""
        if not self._stand_in:
            return {}
        return {
            "PULUMI_DEBUG_PROVIDERS": f"aws:{self._ports()['providers']}",
            # The engine would download the plugins that it is about to not use.
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        }

    def is_running(self) -> bool:
        """Tell whether all its processes run."""
        return self._ministack.is_running() and (not self._stand_in or self._providers.is_running())

    def start(self) -> None:
        """Start what does not run, and wait until it answers."""
        if not self._ministack.is_running():
            self._keep_port("aws", self._wanted_aws_port)
            self._start_ministack()
        if self._stand_in:
            # Always anew: they keep nothing, and so are never older than their sources.
            self._providers.stop()
            self._keep_port("providers", 0)
            self._start_providers()

    def stop(self) -> None:
        """Stop its processes; what the emulator held is gone."""
        self._providers.stop()
        self._ministack.stop()

    def restart_aws(self) -> None:
        """Replace the emulator by an empty one on the same port."""
        self._ministack.stop()
        self._start_ministack()

    def _start_ministack(self) -> None:
        # A venv of its own, with nothing of ours: a function that misses its layer breaks here too.
        python = ensure_venv(MINISTACK_LOCK) / "bin" / "python"
        temporary = self.root / "tmp"
        temporary.mkdir(parents=True, exist_ok=True)
        environment = _clean_environment() | {
            "AUTH": "true",  # roles bind: a call that a function's policy lacks is denied
            "BIND_HOST": LOOPBACK,  # its default is every interface
            "CLOUDTRAIL_RECORDING": "1",  # who called what: the test of least privilege reads it
            "GATEWAY_PORT": str(self._ports()["aws"]),
            "TMPDIR": str(temporary),
        }
        # -P: of this folder it sees this one file.
        command = [str(python), "-P", str(Path(__file__).parent / "emulator.py")]
        self._ministack.start(command, environment=environment, cwd=self.root)
        health = f"{self.aws_url}/_ministack/health"
        self._ministack.wait_until(lambda: _answers_http(health), seconds=START_SECONDS)

    def _start_providers(self) -> None:
        port = self._ports()["providers"]
        command = [sys.executable, "-m", "local.provider", "--port", f"aws={port}"]
        self._providers.start(command, environment=_clean_environment(), cwd=REPOSITORY)
        self._providers.wait_until(lambda: _accepts(port), seconds=START_SECONDS)

    @property
    def _ports_file(self) -> Path:
        return self.root / "cloud.json"

    def _ports(self) -> dict[str, int]:
        return cast("dict[str, int]", json.loads(self._ports_file.read_text()))

    def _keep_port(self, name: str, wanted: int) -> None:
        """Settle the port of `name`: last time's if it is free still, else `wanted`, else any."""
        ports = self._ports() if self._ports_file.exists() else {}
        candidates = [ports.get(name, wanted), wanted]
        free = (port for port in candidates if port and _is_free(port))
        settled = ports | {name: next(free, None) or _any_free_port()}
        if settled != ports:
            self.root.mkdir(parents=True, exist_ok=True)
            self._ports_file.write_text(json.dumps(settled))


def _clean_environment() -> dict[str, str]:
    return {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As the servers do: a port whose last connections are still closing counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


def _any_free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return cast("int", probe.getsockname()[1])


def _accepts(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((LOOPBACK, port)) == 0


def _answers_http(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2).is_success
    except httpx.TransportError:
        return False
