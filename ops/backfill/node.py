"""An RPC node, asked no faster than it may be. Its URL holds a key: no error has it."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

import httpx

from functions.glow.chain.answers import METHOD_NOT_FOUND, NodeError, parse_result, request
from functions.glow.errors import BadRequest, Unavailable
from ops.errors import OpsError

MAX_TRIES: Final = 8
# A page of a hundred transactions has some megabytes.
MAX_ANSWER_BYTES: Final = 64 * 1024 * 1024
_TIMEOUT_SECONDS: Final = 60
_LONGEST_PAUSE_SECONDS: Final = 30.0


class NoSuchMethodError(OpsError):
    """The node does not have that method."""


@dataclass
class Pace:
    """Lets `per_second` go on in each second, spread evenly, however many threads ask."""

    per_second: float
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    _next: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def wait(self) -> None:
        with self._lock:
            now = self.clock()
            due = max(now, self._next)
            self._next = due + 1 / self.per_second
        if due > now:
            self.sleep(due - now)


class Node:
    """May be asked by several threads at once. `requests` counts the tries."""

    def __init__(
        self, url: str, pace: Pace, *, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._url = url
        self._pace = pace
        self._sleep = sleep
        # At level INFO it logs each URL.
        logging.getLogger("httpx").setLevel(logging.WARNING)
        self._http = httpx.Client(timeout=_TIMEOUT_SECONDS, follow_redirects=False)
        self.requests = 0

    def ask(self, method: str, params: Sequence[object]) -> object:
        """The result. Raises NoSuchMethodError, BadRequest where no try will do, OpsError after the last."""
        body, reason = request(method, params), ""
        for number in range(1, MAX_TRIES + 1):
            try:
                return self._try(body)
            except Unavailable as error:
                if isinstance(error, NodeError) and error.code == METHOD_NOT_FOUND:
                    raise NoSuchMethodError(f"the RPC node has no method {method}") from None
                reason = str(error)
            if number < MAX_TRIES:
                # Jitter: all threads meet the same limit at once, and would meet it again.
                longest = min(2.0**number, _LONGEST_PAUSE_SECONDS)
                self._sleep(longest * random.uniform(0.5, 1.0))  # noqa: S311  not for a secret
        raise OpsError(
            f"{reason}, {MAX_TRIES} times. What was found until then is stored: run it again, and it goes"
            " on there. If it stays so, look at glow:RpcUrl, or ask more slowly: --requests-per-second"
        )

    def close(self) -> None:
        self._http.close()

    def _try(self, body: bytes) -> object:
        self._pace.wait()
        self.requests += 1
        headers = {"content-type": "application/json"}
        try:
            with self._http.stream("POST", self._url, content=body, headers=headers) as answer:
                content = bytearray()
                for part in answer.iter_bytes():
                    content += part
                    if len(content) > MAX_ANSWER_BYTES:
                        raise BadRequest(
                            f"the RPC node's answer is longer than {MAX_ANSWER_BYTES} bytes"
                        )
        except httpx.HTTPError as error:  # its text, and its cause, may hold the URL
            raise Unavailable(f"the RPC node did not answer ({type(error).__name__})") from None
        return parse_result(answer.status_code, bytes(content))
