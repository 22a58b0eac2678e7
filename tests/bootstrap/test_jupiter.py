"""The stand-in for Jupiter answers in its shape, and fails as it is told to."""

import json
from contextlib import suppress

import pytest

from functions.glow.errors import BadRequest
from functions.glow.quotes.answer import parse_answer
from functions.glow.trades.movements import WRAPPED_SOL
from local.jupiter.answers import FAULTS, PRICES, reply_to

NOW = 1_795_000_000.0
KNOWN = sorted(PRICES)


def target(*mints: str) -> str:
    return f"/price/v3?ids={','.join(mints)}"


def test_every_price_is_read_by_the_collector() -> None:
    reply = reply_to(target(*KNOWN, "unknown"), now=NOW, fault=None)

    answer = parse_answer(reply.body.encode(), [*KNOWN, "unknown"])

    assert sorted(answer.quoted) == KNOWN
    assert answer.left_out == ["unknown"]
    assert not answer.damaged
    assert 147 < answer.quoted[WRAPPED_SOL].price_usd < 148


def test_only_what_was_asked_for_is_answered() -> None:
    assert [*json.loads(reply_to(target(WRAPPED_SOL), now=NOW, fault=None).body)] == [WRAPPED_SOL]


def test_next_minute_has_another_block() -> None:
    first, second = (
        json.loads(reply_to(target(WRAPPED_SOL), now=now, fault=None).body)[WRAPPED_SOL]
        for now in (NOW, NOW + 60)
    )

    assert second["blockId"] == first["blockId"] + 150
    assert second["usdPrice"] != first["usdPrice"]


def test_more_than_fifty_are_refused() -> None:
    assert reply_to(target(*map(str, range(51))), now=NOW, fault=None).status == 400


@pytest.mark.parametrize("fault", FAULTS)
def test_fault_gives_no_price(fault: str) -> None:
    reply = reply_to(target(WRAPPED_SOL), now=NOW, fault=fault)

    if reply.status == 200:
        with suppress(BadRequest):  # no answer at all, which is asked for again
            assert not parse_answer(reply.body.encode(), [WRAPPED_SOL]).quoted
