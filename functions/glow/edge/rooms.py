"""Orders to the edge's rooms: count your clients, send them away, take them back."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Final

from functions.glow.edge.client import EdgeClient

_MAX_TOKENS_PER_ORDER: Final = 500  # what the worker takes at once (worker/move_requests.js)
_ORDERS_AT_ONCE: Final = 4


class EdgeRooms:
    """Orders for many tokens, in as few requests as it takes. All raise Unavailable.

    A repeat is harmless.
    """

    def __init__(self, edge: EdgeClient) -> None:
        self._edge = edge

    async def count_clients(self, tokens: Sequence[str]) -> int:
        """How many clients the rooms have."""
        return await self._order("/census", tokens)

    async def send_away(
        self, tokens: Sequence[str], *, url: str, jitter_ms: int, close_at_ms: int
    ) -> None:
        """Have the rooms tell their clients to go to AWS, and close what is left at `close_at_ms`.

        `url` is for sockets of one token and of many: on AWS both are the same.
        """
        place = {"path": "aws", "url": url, "liveUrl": url}
        await self._order("/moves", tokens, **place, jitterMs=jitter_ms, closeAtMs=close_at_ms)

    async def take_back(self, tokens: Sequence[str], *, served_from_ms: int) -> None:
        """Have the rooms serve again; from `served_from_ms` on every publisher posts to them."""
        await self._order("/moves", tokens, path="edge", servedFromMs=served_from_ms)

    async def _order(self, route: str, tokens: Sequence[str], **order: object) -> int:
        """How many clients the order concerns."""
        slots = asyncio.Semaphore(_ORDERS_AT_ONCE)

        async def post(some: Sequence[str]) -> int:
            async with slots:
                return await self._edge.order(route, json.dumps({"tokens": some, **order}))

        orders = [
            post(tokens[start : start + _MAX_TOKENS_PER_ORDER])
            for start in range(0, len(tokens), _MAX_TOKENS_PER_ORDER)
        ]
        return sum(await asyncio.gather(*orders))
