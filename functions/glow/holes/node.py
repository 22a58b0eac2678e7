"""An RPC node, asked no faster than REQUESTS_PER_SECOND: backfills and completions ask it, too."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeVar

from functions.glow.chain.answers import Listed
from functions.glow.chain.rpc import Found, RpcClient

# Half of what the smallest plans of public nodes allow.
REQUESTS_PER_SECOND: Final = 5

Result = TypeVar("Result")


class _Finish(Protocol):
    def __call__(self, work: Coroutine[Any, Any, Result], /) -> Result: ...


@dataclass(slots=True)
class PacedNode:
    """`finish` runs a coroutine to its end, in the loop that `client` belongs to."""

    client: RpcClient
    finish: _Finish
    sleep: Callable[[float], None]
    requests: int = 0

    def signatures(self, address: str, *, limit: int, before: str | None) -> Sequence[Listed]:
        """As RpcClient's. Raises BadRequest or Unavailable."""
        self._pace(1)
        return self.finish(self.client.signatures(address, limit=limit, before=before))

    def transactions(self, signatures: Sequence[str]) -> Sequence[Found]:
        """As RpcClient's."""
        self._pace(len(signatures))
        return self.finish(self.client.transactions(signatures))

    def _pace(self, requests: int) -> None:
        if self.requests:
            self.sleep(requests / REQUESTS_PER_SECOND)
        self.requests += requests
