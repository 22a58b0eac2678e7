"""HTTP servers of tests: each runs in a thread of its own, and is gone when the test ends."""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import contextmanager
from http.server import ThreadingHTTPServer
from types import TracebackType
from typing import Self, TypeVar

AnyServer = TypeVar("AnyServer", bound=ThreadingHTTPServer)
_POLL_SECONDS = 0.01  # within which a shutdown is noticed


@contextmanager
def serving(server: AnyServer) -> Generator[AnyServer]:
    """Run `server` until the block ends."""
    with server:
        thread = threading.Thread(target=server.serve_forever, args=(_POLL_SECONDS,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


class Serving:
    """What has a server; it serves within its `with` block. `over` is set when that ends."""

    def __init__(self, server: ThreadingHTTPServer) -> None:
        self.over = threading.Event()
        self.url = f"http://127.0.0.1:{server.server_port}"
        self._serving = serving(server)

    def __enter__(self) -> Self:
        self._serving.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.over.set()
        self._serving.__exit__(kind, error, traceback)
