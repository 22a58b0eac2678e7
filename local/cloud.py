"""The emulated AWS (ministack) and Cloudflare, the Pulumi providers that speak to them, Helius and Jupiter.

All of them are background processes.
"""

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import httpx

from local.errors import LocalError
from local.ports import Ports
from local.process import BackgroundProcess
from local.toolchain.node import NODE
from workspace.paths import REPOSITORY
from workspace.ports import LOOPBACK, accepts
from workspace.venv import ensure_venv

MINISTACK_LOCK: Final = Path(__file__).parent / "toolchain" / "ministack.txt"

# Where AWS's emulators listen by custom, so that a user's other tools find it.
CUSTOMARY_AWS_PORT: Final = 4566
# wrangler's port, for the same reason.
CUSTOMARY_WORKER_PORT: Final = 8787

START_SECONDS: Final = 60

STAND_INS: Final = ("aws", "cloudflare")

# A user's credentials, profiles and endpoints stay out: nothing here may reach a real account, and
# ministack would take its root key from them.
KEPT_VARIABLES: Final = ("HOME", "LANG", "LC_ALL", "PATH", "SSL_CERT_FILE")


class LocalCloud:
    """One emulated cloud: its processes, ports and logs under `root`; several may run at once.

    A port of 0 is any free one. With `records_calls` CloudTrail tells who called what, and the
    emulator is much slower. A cloud that is not among `stand_ins` is managed by the real Pulumi plugin,
    which finds it by the stack's provider configuration.
    """

    def __init__(
        self,
        root: Path,
        *,
        aws_port: int = CUSTOMARY_AWS_PORT,
        worker_port: int = CUSTOMARY_WORKER_PORT,
        stand_ins: Sequence[str] = STAND_INS,
        records_calls: bool = False,
    ) -> None:
        self.root = root
        self._ports = Ports(root / "cloud.json", {"aws": aws_port, "worker": worker_port})
        self._stand_ins = stand_ins
        self._records_calls = records_calls
        self._ministack = BackgroundProcess("ministack", root)
        self._cloudflare = BackgroundProcess("cloudflare", root)
        self._jupiter = BackgroundProcess("jupiter", root)
        self._providers = BackgroundProcess("providers", root)
        self._helius = BackgroundProcess("helius", root)

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
        return f"http://{LOOPBACK}:{self._ports['aws']}"

    @property
    def cloudflare_api_url(self) -> str:
        """The base URL of Cloudflare's v4 API."""
        return f"http://{LOOPBACK}:{self._ports['cloudflare']}/client/v4"

    @property
    def worker_url(self) -> str:
        """Where the deployed worker answers."""
        return f"http://{LOOPBACK}:{self._ports['worker']}"

    @property
    def helius_url(self) -> str:
        """The origin of Helius's webhook API."""
        return f"http://{LOOPBACK}:{self._ports['helius']}"

    @property
    def jupiter_url(self) -> str:
        """Where prices in US dollars come from."""
        return f"http://{LOOPBACK}:{self._ports['jupiter']}"

    @property
    def incarnation(self) -> str:
        """A text that changes with each start of the AWS emulator, which starts empty."""
        return self._ministack.identity

    @property
    def engine_environment(self) -> dict[str, str]:
        """What the Pulumi engine must see to use the stand-in providers."""
        if not self._stand_ins:
            return {}
        ports = self._ports
        return {
            "PULUMI_DEBUG_PROVIDERS": ",".join(
                f"{name}:{ports[_provider_port(name)]}" for name in self._stand_ins
            ),
            # Otherwise the engine would download plugins that it does not use.
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        }

    def is_running(self) -> bool:
        """Tell whether all its processes run."""
        processes = [self._ministack, self._cloudflare, self._helius, self._jupiter]
        processes += [self._providers] if self._stand_ins else []
        return all(process.is_running() for process in processes)

    def require_running(self) -> None:
        """Raise LocalError unless it runs."""
        if not self.is_running():
            raise LocalError("The local cloud is not running. Start it: make up")

    def start(self, say: Callable[[str], None] | None = None) -> None:
        """Start what does not run, and wait until it answers; `say` hears of taken ports."""
        if not self._ministack.is_running():
            self._settle_ports("aws", say=say)
            self._start_ministack()
        if not self._cloudflare.is_running():
            self._settle_ports("cloudflare", "worker", say=say)
            self.start_cloudflare()
        if not self._helius.is_running():
            self._settle_ports("helius", say=say)
            self._start_helius()
        if not self._jupiter.is_running():
            self._settle_ports("jupiter")
            self._start_jupiter()
        if self._stand_ins:
            # Restarted each time, so that they run today's sources. They keep no state.
            self._providers.stop()
            self._settle_ports(*map(_provider_port, self._stand_ins))
            self._start_providers()

    def stop(self) -> None:
        """Stop its processes. What AWS held is gone; Cloudflare's workers and rooms are kept, as are the
        webhooks at Helius."""
        self._providers.stop()
        self._helius.stop()
        self._jupiter.stop()
        self._cloudflare.stop()
        self._ministack.stop()

    def restart_aws(self) -> None:
        """Restart the AWS emulator on the same port. It is empty then."""
        self._ministack.stop()
        self._start_ministack()

    def _settle_ports(self, *names: str, say: Callable[[str], None] | None = None) -> None:
        for name in names:
            news = self._ports.settle(name)
            if news and say:
                say(news)

    def _start_ministack(self) -> None:
        # A venv without our packages: a function whose layer is missing fails here, as on AWS.
        python = ensure_venv(MINISTACK_LOCK) / "bin" / "python"
        temporary = self.root / "tmp"
        temporary.mkdir(parents=True, exist_ok=True)
        environment = _clean_environment() | {
            "AUTH": "true",  # roles bind: a call that a function's policy lacks is denied
            "BIND_HOST": LOOPBACK,  # its default is every interface
            "CLOUDTRAIL_RECORDING": "1" if self._records_calls else "0",
            "GATEWAY_PORT": str(self._ports["aws"]),
            # A request that waits for a function holds a thread; the function's calls need more.
            "MINISTACK_WORKER_THREADS": "256",
            "TMPDIR": str(temporary),
        }
        # -P: it finds its own folder, and no other of ours.
        command = [str(python), "-P", str(Path(__file__).parent / "emulator")]
        self._ministack.start(command, environment=environment, cwd=self.root)
        health = f"{self.aws_url}/_ministack/health"
        self._ministack.wait_until(lambda: _answers_http(health), seconds=START_SECONDS)

    def start_cloudflare(self) -> None:
        """Start Cloudflare on the ports it had, with the workers and rooms it had."""
        if not (REPOSITORY / "node_modules").exists():
            raise LocalError("The JavaScript packages are missing. Run: make up (or make test)")
        ports = self._ports
        command = [
            str(NODE),
            "local/cloudflare/server.mjs",
            "--root",
            str(self.root / "cloudflare"),
        ]
        command += ["--api-port", str(ports["cloudflare"]), "--worker-port", str(ports["worker"])]
        self._cloudflare.start(command, environment=_clean_environment(), cwd=REPOSITORY)
        self._cloudflare.wait_until(
            lambda: accepts(ports["cloudflare"]) and accepts(ports["worker"]),
            seconds=START_SECONDS,
        )

    def stop_cloudflare(self) -> None:
        """Stop Cloudflare alone; `start_cloudflare` starts it again."""
        self._cloudflare.stop()

    def _start_helius(self) -> None:
        port, file = self._ports["helius"], self.root / "helius.json"
        command = [sys.executable, "-m", "local.helius", "--port", str(port), "--file", str(file)]
        self._helius.start(command, environment=_clean_environment(), cwd=REPOSITORY)
        self._helius.wait_until(lambda: accepts(port), seconds=START_SECONDS)

    def _start_jupiter(self) -> None:
        port = self._ports["jupiter"]
        command = [sys.executable, "-m", "local.jupiter", "--port", str(port)]
        self._jupiter.start(command, environment=_clean_environment(), cwd=REPOSITORY)
        self._jupiter.wait_until(lambda: accepts(port), seconds=START_SECONDS)

    def _start_providers(self) -> None:
        ports = {name: self._ports[_provider_port(name)] for name in self._stand_ins}
        command = [sys.executable, "-m", "local.provider"]
        for name, port in ports.items():
            command += ["--port", f"{name}={port}"]
        self._providers.start(command, environment=_clean_environment(), cwd=REPOSITORY)
        self._providers.wait_until(lambda: all(map(accepts, ports.values())), seconds=START_SECONDS)


def _provider_port(name: str) -> str:
    return f"{name}-provider"


def _clean_environment() -> dict[str, str]:
    return {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}


def _answers_http(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2).is_success
    except httpx.TransportError:
        return False
