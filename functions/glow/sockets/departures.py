"""Connections that have left, or were made to: their rows are deleted."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from functions.glow import log
from functions.glow.errors import Unavailable
from functions.glow.sockets.delivery import close, deliver
from functions.glow.sockets.post import ConnectionPoster, Payload
from functions.glow.sockets.subscriptions import SubscriptionTable


async def turn_away(poster: ConnectionPoster, connection_id: str, why: str) -> None:
    """Say why, then close. By a post, because a message's answer would come after the end."""
    await deliver(poster, connection_id, [Payload.of(why)])
    await close(poster, connection_id)


async def forget(
    subscriptions: SubscriptionTable, token: str, connection_ids: Iterable[str]
) -> None:
    """Delete the rows of connections that were met at `token`. One that stays goes with its next
    410: no reason to do anything again."""
    deletions = [
        asyncio.to_thread(subscriptions.disconnect, connection_id, met_at=token)
        for connection_id in connection_ids
    ]
    for ending in await asyncio.gather(*deletions, return_exceptions=True):
        if isinstance(ending, Unavailable):
            log.warning("rows_not_deleted", reason=str(ending))
        elif isinstance(ending, BaseException):
            raise ending
