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
# Nodes say in many ways that they, or the plan of the key, do not have a method; to ask again helps none.
_REFUSALS: Final = range(400, 406)  # HTTP's, from Bad Request to Method Not Allowed
_INVALID_REQUEST: Final = -32600


class NotServedError(OpsError):
    """The node does not do what it is asked, whether it lacks the method or the key's plan does."""

    def __init__(self, method: str, how: str) -> None:
        super().__init__(
            f"the RPC node refused {method} with {how}. What was found until then is stored: run it again,"
            " and it goes on there. If it stays so, look at glow:RpcUrl: its key may be wrong, or its plan"
            " without that method"
        )


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
        """The result. Raises NotServedError and BadRequest where no try will do, OpsError after the last."""
        body, reason = request(method, params), ""
        for number in range(1, MAX_TRIES + 1):
            try:
                status, answer = self._try(body)
                if status in _REFUSALS:
                    raise NotServedError(method, f"HTTP {status}")
                return parse_result(status, answer)
            except Unavailable as error:
                code = error.code if isinstance(error, NodeError) else None
                if code in (_INVALID_REQUEST, METHOD_NOT_FOUND):
                    raise NotServedError(method, f"error {code}") from None
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

    def _try(self, body: bytes) -> tuple[int, bytes]:
        """HTTP's status and the answer."""
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
        return answer.status_code, bytes(content)
