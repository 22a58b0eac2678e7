"""`python -m local.provider --port aws=0`: run the stand-ins until SIGTERM.

When every port answers, it prints one line of JSON: cloud → port. Port 0 takes a free one.
"""

import argparse
import json
import logging
import signal
import sys
from collections.abc import Sequence
from types import FrameType

from local.provider.aws import Aws
from local.provider.cloudflare import Cloudflare
from local.provider.server import start

CLOUDS = {"aws": Aws, "cloudflare": Cloudflare}


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve each named cloud on its port."""
    parser = argparse.ArgumentParser(prog="python -m local.provider", description=__doc__)
    parser.add_argument(
        "--port",
        action="append",
        required=True,
        type=_cloud_and_port,
        metavar="CLOUD=PORT",
        help=f"a cloud ({', '.join(CLOUDS)}) and the port of 127.0.0.1 to serve it on",
    )
    wanted: list[tuple[str, int]] = parser.parse_args(arguments).port
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s")
    signal.signal(signal.SIGTERM, _stop)
    servers = {cloud: start(CLOUDS[cloud](), port) for cloud, port in wanted}
    sys.stdout.write(json.dumps({cloud: port for cloud, (_, port) in servers.items()}) + "\n")
    sys.stdout.flush()
    try:
        for server, _ in servers.values():
            server.wait_for_termination()
    except KeyboardInterrupt:
        for server, _ in servers.values():
            server.stop(grace=None)


def _cloud_and_port(text: str) -> tuple[str, int]:
    cloud, _, port = text.partition("=")
    if cloud not in CLOUDS or not port.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not like aws=0")
    return cloud, int(port)


def _stop(number: int, frame: FrameType | None) -> None:
    del number, frame
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
