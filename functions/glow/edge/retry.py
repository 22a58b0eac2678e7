"""Redelivery: updates that the edge did not take when they were published are posted to it again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from functions.glow.edge.client import Outcome, Verdict
from functions.glow.queues.batch import Poison, SqsRecord, TokenUpdates
from functions.glow.update import Update


class UpdatePoster(Protocol):
    """The edge, as far as a redelivery needs it."""

    async def post(self, token: str, updates: Sequence[Update]) -> Outcome: ...


@dataclass(frozen=True, slots=True)
class Redelivery:
    """The records of one token that were not taken, and those that never will be.

    `undelivered` are to be tried again, for `reason`; what is in neither was taken.
    """

    undelivered: Sequence[SqsRecord] = ()
    refused: Sequence[Poison] = ()
    reason: str = ""


async def redeliver(edge: UpdatePoster, token: str, waiting: TokenUpdates) -> Redelivery:
    """Post all updates of `token` in one request; if that is refused, one by one."""
    outcome = await edge.post(token, waiting.updates)
    if outcome.verdict is Verdict.FAILED:
        return Redelivery(undelivered=waiting.records, reason=outcome.reason)
    if outcome.verdict is Verdict.TAKEN:
        return Redelivery()
    if len(waiting.records) == 1:
        return Redelivery(refused=[Poison(waiting.records[0], outcome.reason)])
    return await _redeliver_one_by_one(edge, token, waiting)


async def _redeliver_one_by_one(
    edge: UpdatePoster, token: str, waiting: TokenUpdates
) -> Redelivery:
    """Post in order, up to the first failure. What follows waits with it, to keep the order."""
    refused: list[Poison] = []
    for index, (update, record) in enumerate(zip(waiting.updates, waiting.records, strict=True)):
        outcome = await edge.post(token, [update])
        if outcome.verdict is Verdict.FAILED:
            return Redelivery(waiting.records[index:], refused, outcome.reason)
        if outcome.verdict is Verdict.REFUSED:
            refused.append(Poison(record, outcome.reason))
    return Redelivery(refused=refused)
