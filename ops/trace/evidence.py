"""Gathers what a stack knows of a trade: its rows, and the lines of its functions that name it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from functions.glow.prices.row import Arrival
from functions.glow.prices.table import PriceTable
from functions.glow.routing.routes import Routes
from functions.glow.routing.table import RouteTable
from functions.glow.update import id_at, update_id
from ops.logs.functions import FunctionLogs
from ops.logs.line import Line
from ops.trace.way import TRADE_EVENTS, Evidence
from ops.verify.target import Target

_ROWS_PER_PAGE: Final = 1_000
# Of a slot: more trades of one token than that fit into no block.
_ROWS_PER_SLOT: Final = 1_000
# A request takes a second at most, and Helius tries four times.
_AROUND_MS: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What to look for, from `since` to `now` in Unix seconds. Without `token`, by the logs alone."""

    signature: str
    token: str | None
    since: float
    now: float


def gather(target: Target, search: Search) -> list[Evidence]:
    """Of each token that the transaction traded. Raises OpsError, Unavailable."""
    logs = FunctionLogs.of(target)
    own = logs.lines(
        "webhook",
        naming=search.signature,
        since_ms=search.since * 1_000,
        until_ms=search.now * 1_000,
    )
    ids = {
        str(line.text("token")): str(line.text("id"))
        for line in own
        if line.event in TRADE_EVENTS and search.token in (None, line.text("token"))
    }
    prices = PriceTable(target.dynamodb, target.deployed.text("PriceTableName"))
    if search.token is not None and search.token not in ids:
        row = _find_row(prices, search.token, search)
        ids[search.token] = "" if row is None else row.update.id
    table = RouteTable(target.dynamodb, target.deployed.text("RoutesTableName"))
    gathering = _Gathering(
        logs=logs,
        prices=prices,
        routes=table.read() or Routes(current=target.policy),
        requests=list(_requests(logs, own)),
        search=search,
    )
    return [gathering.of_token(token, id_) for token, id_ in ids.items()]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Gathering:
    """What is the same for all tokens of a transaction."""

    logs: FunctionLogs
    prices: PriceTable
    routes: Routes
    requests: Sequence[Line]
    search: Search

    def of_token(self, token: str, id_: str) -> Evidence:
        """`id_` is "" where nothing tells it."""
        return Evidence(
            token=token,
            signature=self.search.signature,
            row=_row(self.prices, token, id_, self.search) if id_ else None,
            carried=self.routes.carried(token),
            webhook=self.requests,
            fan_outs=self._lines("broadcast", id_) if id_ else [],
            retries=self._lines("edge-retry", token) if self._needs_retries else [],
        )

    @property
    def _needs_retries(self) -> bool:
        return any(line.event in ("updates_not_taken", "edge_skipped") for line in self.requests)

    def _lines(self, function: str, naming: str) -> list[Line]:
        """Since the first request, or as far as the search goes."""
        begun_ms = min((line.at_ms for line in self.requests), default=self.search.since * 1_000)
        until_ms = self.search.now * 1_000
        return self.logs.lines(
            function, naming=naming, since_ms=begun_ms - _AROUND_MS, until_ms=until_ms
        )


def _requests(logs: FunctionLogs, own: Sequence[Line]) -> Iterator[Line]:
    """All lines of the requests that named the trade, oldest request first."""
    seen: set[str] = set()
    for line in own:
        if line.request_id in seen:
            continue
        seen.add(line.request_id)
        if not line.request_id:
            yield line
            continue
        yield from logs.lines(
            "webhook",
            naming=line.request_id,
            since_ms=line.at_ms - _AROUND_MS,
            until_ms=line.at_ms + _AROUND_MS,
        )


def _row(prices: PriceTable, token: str, id_: str, search: Search) -> Arrival | None:
    """The trade's own; another's may have its id."""
    rows = prices.from_slot_of(token, id_, limit=_ROWS_PER_SLOT, now=search.now)
    return next((row for row in rows if row.update.tx_signature == search.signature), None)


def _find_row(prices: PriceTable, token: str, search: Search) -> Arrival | None:
    """Where no line tells the id: by reading the token's rows."""
    after = id_at(int(search.since))
    until = update_id(int(search.now) + 1, 0, "0")
    while True:
        page = prices.page(token, after=after, until=until, limit=_ROWS_PER_PAGE, now=search.now)
        for update in page.updates:
            if update.tx_signature == search.signature:
                return prices.arrival(token, update.id, now=search.now)
        if page.next is None:
            return None
        after = page.next
