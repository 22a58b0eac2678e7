"""Settling debts: one request where it can be, and order where it cannot."""

import asyncio
from collections.abc import Sequence
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from functions.glow.edge.client import Outcome, Verdict
from functions.glow.edge.retry import Settlement, settle
from functions.glow.queues.batch import SqsRecord, TokenUpdates
from functions.glow.update import Update

TOKEN = "SOL"


class Edge:
    """Has a verdict for each slot, and takes a request only if it takes all that is in it."""

    def __init__(self, verdicts: Sequence[Verdict]) -> None:
        self.verdicts = verdicts
        self.posts: list[list[int]] = []
        self.taken: list[int] = []

    async def post(self, token: str, updates: Sequence[Update]) -> Outcome:
        assert token == TOKEN
        slots = [update.slot for update in updates]
        self.posts.append(slots)
        found = {self.verdicts[slot] for slot in slots}
        for verdict in (Verdict.REFUSED, Verdict.FAILED):
            if verdict in found:
                return Outcome(verdict, verdict.value)
        self.taken += slots
        return Outcome(Verdict.TAKEN)


def debts(count: int) -> TokenUpdates:
    updates = [Update(TOKEN, Decimal(1), 1_750_000_000, slot, "s") for slot in range(count)]
    records: list[SqsRecord] = [
        {
            "messageId": str(update.slot),
            "receiptHandle": "r",
            "body": update.to_json(),
            "attributes": {"MessageGroupId": TOKEN},
        }
        for update in updates
    ]
    return TokenUpdates(updates, records)


def settled(edge: Edge) -> Settlement:
    return asyncio.run(settle(edge, TOKEN, debts(len(edge.verdicts))))


def test_all_debts_of_a_token_go_in_one_request() -> None:
    edge = Edge([Verdict.TAKEN] * 10)

    assert settled(edge) == Settlement()
    assert edge.posts == [list(range(10))]


def test_request_that_fails_leaves_all_owed() -> None:
    edge = Edge([Verdict.TAKEN, Verdict.FAILED, Verdict.TAKEN])

    assert settled(edge).owed == debts(3).records
    assert edge.posts == [[0, 1, 2]]


@given(st.lists(st.sampled_from(Verdict), min_size=1, max_size=10))
def test_each_debt_is_taken_refused_or_owed_and_none_overtakes_one_that_is_owed(
    verdicts: list[Verdict],
) -> None:
    edge = Edge(verdicts)
    settlement = settled(edge)
    owed = [int(record["messageId"]) for record in settlement.owed]
    refused = [int(poison.record["messageId"]) for poison in settlement.refused]

    assert sorted([*edge.taken, *refused, *owed]) == list(range(len(verdicts)))
    assert all(verdicts[slot] is Verdict.REFUSED for slot in refused)
    assert edge.taken == sorted(edge.taken)
    assert not owed or owed == list(range(owed[0], len(verdicts)))
