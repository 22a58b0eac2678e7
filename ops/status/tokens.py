"""Who listens to which token on which path, and when it was last traded."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from functions.glow.edge.client import EdgeClient
from functions.glow.edge.rooms import EdgeRooms
from functions.glow.errors import Unavailable
from functions.glow.paths import Path
from functions.glow.prices.table import PriceTable
from functions.glow.routing.known_tokens import KnownTokens
from functions.glow.sockets.subscriptions import SubscriptionTable
from ops.status.reading import Problems, TokenReading, TokensReading
from ops.verify.target import Target

_EDGE_TIMEOUT_MS: Final = 5_000


def read_tokens(target: Target, *, most: int, problems: Problems, now: float) -> TokensReading:
    """At most `most` tokens. `now` is Unix time in seconds. Raises Unavailable.

    The connection table is read as a whole. Each token that is shown takes a read of the price table and
    a request to its room.
    """
    on_aws = _connections_on_aws(target, now)
    every = on_aws.keys() | (target.config.tokens or _known(target, now))
    ranked = sorted(every, key=lambda token: (-on_aws[token], token))
    shown = ranked[:most]
    at_edge = _connections_at_edge(target, shown, problems)
    prices = PriceTable(target.dynamodb, target.deployed.text("PriceTableName"))
    return TokensReading(
        tokens=[
            TokenReading(
                token=token,
                connections={"aws": on_aws[token], **_of_edge(at_edge, token)},
                last_trade_seconds=_age_of_last_trade(prices, token, now),
            )
            for token in shown
        ],
        left_out=len(ranked) - len(shown),
        aws_connections=on_aws.total(),
    )


def _connections_on_aws(target: Target, now: float) -> Counter[str]:
    table = SubscriptionTable(target.dynamodb, target.deployed.text("ConnectionsTableName"))
    found = Counter[str]()
    cursor: str | None = None
    while True:
        subscriptions, cursor = table.everybody(cursor, now=now)
        found.update(each.token for each in subscriptions)
        if cursor is None:
            return found


def _known(target: Target, now: float) -> frozenset[str]:
    """Where config lists no tokens: those that were traded lately, or as many as a page holds."""
    known = KnownTokens(target.dynamodb, target.deployed.text("RoutesTableName"))
    tokens, _ = known.page(None, now=now)
    return frozenset(tokens)


def _connections_at_edge(
    target: Target, tokens: Sequence[str], problems: Problems
) -> Mapping[str, int | None] | None:
    """None: there is no edge. A room that does not answer is not known."""
    url, secret = target.edge_url, target.config.edge_secret
    if url is None or secret is None:
        return None
    return asyncio.run(_census(url, secret, tokens, problems))


async def _census(
    url: str, secret: str, tokens: Sequence[str], problems: Problems
) -> Mapping[str, int | None]:
    edge = EdgeClient(url, [secret], timeout_ms=_EDGE_TIMEOUT_MS)
    rooms = EdgeRooms(edge)

    async def count(token: str) -> int | None:
        try:
            return await rooms.count_clients([token])
        except Unavailable as error:
            problems.told.append(f"clients of {token} at the edge could not be counted: {error}")
            return None

    try:
        counts = await asyncio.gather(*(count(token) for token in tokens))
    finally:
        await edge.aclose()
    return dict(zip(tokens, counts, strict=True))


def _of_edge(at_edge: Mapping[str, int | None] | None, token: str) -> Mapping[Path, int | None]:
    return {} if at_edge is None else {"edge": at_edge[token]}


def _age_of_last_trade(prices: PriceTable, token: str, now: float) -> float | None:
    """Of those among the newest rows: a token that is only quoted has none."""
    trades = [row.update.timestamp for row in prices.latest(token, now=now) if not row.is_quote]
    return max(0.0, now - max(trades)) if trades else None
