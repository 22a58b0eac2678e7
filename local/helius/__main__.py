"""`python -m local.helius --port N --file FILE`: run the local Helius until SIGTERM.

The file keeps its webhooks. Port 0 takes a free one.
"""

import argparse
import signal
import sys
from pathlib import Path
from types import FrameType

from local.config import HELIUS_KEY
from local.helius.server import Server
from local.helius.webhooks import Webhooks


def main() -> None:
    """Serve until SIGTERM; the first line says where."""
    parser = argparse.ArgumentParser(prog="python -m local.helius", description=__doc__)
    parser.add_argument("--port", type=int, required=True, help="the port of 127.0.0.1 to serve on")
    parser.add_argument("--file", type=Path, required=True, help="where its webhooks are kept")
    wanted = parser.parse_args()
    signal.signal(signal.SIGTERM, _stop)
    with Server(wanted.port, webhooks=Webhooks(wanted.file), key=HELIUS_KEY) as server:
        sys.stdout.write(f"{server.url}\n")
        sys.stdout.flush()
        server.serve_forever()


def _stop(number: int, frame: FrameType | None) -> None:
    del number, frame
    sys.exit(0)


if __name__ == "__main__":
    main()
