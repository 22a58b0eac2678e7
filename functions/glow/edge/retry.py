"""Settling debts: the updates that the edge did not take when they were published."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from functions.glow.edge.client import Outcome, Verdict
from functions.glow.queues.batch import Poison, SqsRecord, TokenUpdates
from functions.glow.update import Update


class Creditor(Protocol):
    """The edge, as far as debts concern it."""

    async def post(self, token: str, updates: Sequence[Update]) -> Outcome: ...


@dataclass(frozen=True, slots=True)
class Settlement:
    """What became of one token's debts: what is still owed, and what will never be taken."""

    owed: Sequence[SqsRecord] = ()
    refused: Sequence[Poison] = ()
    reason: str = ""


async def settle(edge: Creditor, token: str, debts: TokenUpdates) -> Settlement:
    """Post all `debts` of `token` in one request; if that one is refused, each by itself."""
    outcome = await edge.post(token, debts.updates)
    if outcome.verdict is Verdict.FAILED:
        return Settlement(owed=debts.records, reason=outcome.reason)
    if outcome.verdict is Verdict.TAKEN:
        return Settlement()
    if len(debts.records) == 1:
        return Settlement(refused=[Poison(debts.records[0], outcome.reason)])
    return await _settle_singly(edge, token, debts)


async def _settle_singly(edge: Creditor, token: str, debts: TokenUpdates) -> Settlement:
    """In order, up to the first failure: what follows it is owed untried, which keeps the order."""
    refused: list[Poison] = []
    for index, (update, record) in enumerate(zip(debts.updates, debts.records, strict=True)):
        outcome = await edge.post(token, [update])
        if outcome.verdict is Verdict.FAILED:
            return Settlement(debts.records[index:], refused, outcome.reason)
        if outcome.verdict is Verdict.REFUSED:
            refused.append(Poison(record, outcome.reason))
    return Settlement(refused=refused)
