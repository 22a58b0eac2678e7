"""Looks for holes: a trade that the chain lists at one of our addresses, whose price is not stored.

A listing tells signatures, not trades: transfers and deposits are in it too, and what failed. So a few
transactions that no row has are read, by the parser of the webhook, and only a price that it finds there
and that the table lacks is a hole. Rows have their slot and signature, so both sides compare by these.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from functions.glow import log, metrics
from functions.glow.chain.answers import Listed
from functions.glow.chain.rpc import Found
from functions.glow.errors import BadRequest, Unavailable
from functions.glow.holes.turns import in_turn
from functions.glow.prices.table import PriceTable
from functions.glow.trades.completion import PATIENCE_SECONDS
from functions.glow.trades.parse import parse_transactions
from functions.glow.update import Update, id_at

# So late may a trade still come that is on its way: what is completed waits PATIENCE_SECONDS at most.
SETTLE_SECONDS: Final = PATIENCE_SECONDS + 60
# What is older rings no more, filled or not: else a hole that nobody fills would hide the next one.
LOOK_BACK_SECONDS: Final = 2 * 60 * 60
# Of an address in a run. With SAMPLES and a second listing, a run asks at most 50 times.
LISTED: Final = 500
SAMPLES: Final = 3
# The longest run; Lambda ends it then.
RUN_SECONDS: Final = 60
# What a last address may take: two listings, its samples, and the table.
_RESERVE_SECONDS: Final = 15
# A node that is away costs its time-out each time.
_MOST_FAILURES_IN_A_ROW: Final = 2


class Node(Protocol):
    """Both as RpcClient's."""

    def signatures(self, address: str, *, limit: int, before: str | None) -> Sequence[Listed]: ...

    def transactions(self, signatures: Sequence[str]) -> Sequence[Found]: ...


@dataclass(frozen=True, slots=True)
class _Stored:
    """The second of the first and of the newest trade that is stored of a token."""

    first: int
    newest: int


@dataclass(slots=True)
class _Findings:
    """`holes` by token; `failures` say why an address could not be looked at."""

    holes: dict[str, Update] = field(default_factory=dict[str, Update])
    looked_at: int = 0
    failures: list[str] = field(default_factory=list[str])
    unasked: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class HoleWatch:
    """Looks at `addresses`, some a run. Of what they traded, `tokens` are streamed; empty: all.

    `sample` chooses so many of some signatures, by chance: what one run misses, the next may find.
    """

    node: Node
    prices: PriceTable
    addresses: Sequence[str]
    tokens: frozenset[str]
    every_seconds: int
    retention_seconds: int
    clock: Callable[[], float]
    sample: Callable[[Sequence[str], int], Sequence[str]]

    def run(self) -> None:
        """Record the holes. Raises Unavailable where the table did not answer, or the node for no address:
        then nobody knows whether there are any."""
        now = self.clock()
        due = in_turn(self.addresses, now=now, every_seconds=self.every_seconds)
        found = _Findings()
        in_a_row = 0
        for address in due:
            is_late = self.clock() - now > RUN_SECONDS - _RESERVE_SECONDS
            if is_late or in_a_row >= _MOST_FAILURES_IN_A_ROW:
                found.unasked += 1
                continue
            failure = self._look_at(address, found, now)
            in_a_row = 0 if failure is None else in_a_row + 1
            if failure is None:
                found.looked_at += 1
            else:
                found.failures.append(failure)
                log.warning("hole_check_failed", address=address, reason=failure)
        metrics.record(metrics.HOLES, len(found.holes))
        log.info(
            "holes_looked_for",
            lookedAt=found.looked_at,
            holes=sorted(found.holes),
            failed=len(found.failures),
            unasked=found.unasked,
        )
        if found.failures and not found.looked_at:
            raise Unavailable(f"no address could be looked at: {found.failures[0]}")

    def _look_at(self, address: str, found: _Findings, now: float) -> str | None:
        """Add the holes of `address`; why that was not possible."""
        stored = self._stored(address, now)
        if stored is None and address in self.tokens:
            # Nobody can tell a hole from a token that was added a minute ago.
            log.info("token_never_stored", token=address)
            return None
        try:
            candidates = self._candidates(address, stored, now)
        except (BadRequest, Unavailable) as error:
            return str(error)
        missing = self._missing(address, candidates, now)
        if not missing:
            return None
        answers = self.node.transactions(self.sample(missing, min(SAMPLES, len(missing))))
        read = [answer for answer in answers if isinstance(answer, dict)]
        for update in parse_transactions(read, tokens=self.tokens, now=now).updates:
            if update.token not in found.holes and self._is_hole(update, now):
                found.holes[update.token] = update
                _tell(update, len(missing), now)
        refusals = [answer for answer in answers if isinstance(answer, Unavailable)]
        return str(refusals[0]) if refusals and not read else None

    def _candidates(
        self, address: str, stored: _Stored | None, now: float
    ) -> Sequence[tuple[str, int]]:
        """Signature and second of what did not fail and should be stored by now; nothing where that cannot
        be told. Raises Unavailable or BadRequest."""
        settled = int(now) - SETTLE_SECONDS
        listed = self.node.signatures(address, limit=LISTED, before=None)
        seen = [row.timestamp for row in listed if row.timestamp is not None]
        if stored is not None and stored.newest > max(seen, default=0) + SETTLE_SECONDS:
            _pass(address, "the node lists nothing as new as what is stored: it may be behind")
            return []
        until = settled
        if len(listed) >= LISTED and min(seen, default=0) > settled:
            # It trades so much that the listing ends before what is settled begins.
            if stored is None:
                _pass(address, "it is too busy, and no token that would tell where to look")
                return []
            if stored.newest < settled:
                until = int(now)  # nothing came for so long: none of these is just on its way
            else:
                listed = self._listed_before(address, settled, now)
        since = int(now) - LOOK_BACK_SECONDS
        if stored is not None:
            since = max(since, stored.first)
        return [
            (row.signature, row.timestamp)
            for row in listed
            if row.timestamp is not None and since < row.timestamp <= until and not row.has_failed
        ]

    def _listed_before(self, token: str, settled: int, now: float) -> Sequence[Listed]:
        """What the chain lists before a stored trade that is settled."""
        rows = self.prices.latest(token, before=settled, now=now)
        trades = [row.update.tx_signature for row in rows if not row.is_quote]
        if not trades:
            return []
        return self.node.signatures(token, limit=LISTED, before=trades[0])

    def _missing(
        self, address: str, candidates: Sequence[tuple[str, int]], now: float
    ) -> Sequence[str]:
        """Those that no row of the token `address` has. Where there are more rows than are read, or it is
        no token, some may be stored all the same."""
        if not candidates:
            return []
        oldest = id_at(min(timestamp for _, timestamp in candidates))
        rows = self.prices.from_slot_of(address, oldest, limit=LISTED, now=now)
        known = {row.update.tx_signature for row in rows}
        return [signature for signature, _ in candidates if signature not in known]

    def _is_hole(self, update: Update, now: float) -> bool:
        """Whether `update` is of the time since its token is streamed, and not stored."""
        stored = self._stored(update.token, now)
        if stored is None or update.timestamp <= stored.first:
            return False
        return not self.prices.holds(update.token, update.id, now=now)

    def _stored(self, token: str, now: float) -> _Stored | None:
        """None where nothing is."""
        since = int(now) - self.retention_seconds
        first = self.prices.first_since(token, since=since, now=now)
        if first is None:
            return None
        trades = [row for row in self.prices.latest(token, now=now) if not row.is_quote]
        newest = trades[0].update.timestamp if trades else 0
        return _Stored(first.update.timestamp, newest)


def _pass(address: str, reason: str) -> None:
    log.warning("address_passed_over", address=address, reason=reason)


def _tell(update: Update, missing: int, now: float) -> None:
    log.warning(
        "hole_found",
        token=update.token,
        id=update.id,
        txSignature=update.tx_signature,
        age_seconds=int(now) - update.timestamp,
        unstored_signatures=missing,
    )
