"""Redelivery: in one request if the edge takes it, else one by one in order."""

import asyncio
from collections.abc import Sequence
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from functions.glow.edge.client import Outcome, Verdict
from functions.glow.edge.retry import Redelivery, redeliver
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


def waiting(count: int) -> TokenUpdates:
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


def redelivered(edge: Edge) -> Redelivery:
    return asyncio.run(redeliver(edge, TOKEN, waiting(len(edge.verdicts))))


def test_all_updates_of_a_token_go_in_one_request() -> None:
    edge = Edge([Verdict.TAKEN] * 10)

    assert redelivered(edge) == Redelivery()
    assert edge.posts == [list(range(10))]


def test_request_that_fails_leaves_all_undelivered() -> None:
    edge = Edge([Verdict.TAKEN, Verdict.FAILED, Verdict.TAKEN])

    assert redelivered(edge).undelivered == waiting(3).records
    assert edge.posts == [[0, 1, 2]]


@given(st.lists(st.sampled_from(Verdict), min_size=1, max_size=10))
def test_each_update_is_taken_refused_or_undelivered_and_none_overtakes_an_undelivered_one(
    verdicts: list[Verdict],
) -> None:
    edge = Edge(verdicts)
    redelivery = redelivered(edge)
    undelivered = [int(record["messageId"]) for record in redelivery.undelivered]
    refused = [int(poison.record["messageId"]) for poison in redelivery.refused]

    assert sorted([*edge.taken, *refused, *undelivered]) == list(range(len(verdicts)))
    assert all(verdicts[slot] is Verdict.REFUSED for slot in refused)
    assert edge.taken == sorted(edge.taken)
    assert not undelivered or undelivered == list(range(undelivered[0], len(verdicts)))
