"""Holes: what a node lists, and whose turn it is to be looked at."""

import json
from math import ceil

import pytest

from functions.glow.chain.answers import (
    NodeError,
    parse_signatures,
    signatures_request,
)
from functions.glow.errors import BadRequest, Unavailable
from functions.glow.holes.turns import ADDRESSES_A_RUN, in_turn, turn_seconds

KEY = "key-of-the-node-0123456789"
ROW = {"signature": "5h6", "slot": 7, "blockTime": 1_750_000_000, "err": None, "memo": None}


def answer(result: object) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": 1, "result": result}).encode()


def rows(*changes: dict[str, object]) -> bytes:
    return answer([{**ROW, **change} for change in changes])


def test_listing_is_asked_for_as_nodes_take_it() -> None:
    newest = json.loads(signatures_request("Mint1", limit=500, before=None))
    older = json.loads(signatures_request("Mint1", limit=500, before="5h6"))

    assert newest["method"] == "getSignaturesForAddress"
    assert newest["params"] == ["Mint1", {"commitment": "confirmed", "limit": 500}]
    assert older["params"][1]["before"] == "5h6"


def test_listing_tells_signatures_times_and_what_failed() -> None:
    failed: object = {"InstructionError": [0, {"Custom": 6001}]}
    listed = parse_signatures(200, rows({}, {"err": failed}, {"blockTime": None}))

    assert [(row.signature, row.timestamp, row.has_failed) for row in listed] == [
        ("5h6", 1_750_000_000, False),
        ("5h6", 1_750_000_000, True),
        ("5h6", None, False),
    ]


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (429, b"slow down"),
        (401, f"<html>https://node/?api-key={KEY}</html>".encode()),
        (200, f"<html>https://node/?api-key={KEY}</html>".encode()),
        (200, b""),
        (200, b"\xff\xfe"),
        (200, b"[]"),
        (200, b"{}"),
        (200, answer(None)),
        (200, answer({"signature": KEY})),
        (200, answer([None])),
        (200, b'{"result":[[]]}'),
        (200, rows({"signature": None})),
        (200, rows({}, {"signature": f"../?api-key={KEY}"})),
        (200, rows({"signature": "a" * 89})),
        (200, rows({"blockTime": KEY})),
        (200, rows({"blockTime": True})),
        (200, rows({"blockTime": 1.5})),
        (200, rows({"blockTime": -1})),
        (200, rows({"blockTime": 10**20})),
        (200, b'{"result":' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
    ],
)
def test_listing_that_is_none_says_so_without_what_it_held(status: int, body: bytes) -> None:
    with pytest.raises(Unavailable) as refused:
        parse_signatures(status, body)

    assert "RPC node" in str(refused.value)
    assert KEY not in str(refused.value)


def test_error_of_the_node_keeps_its_class() -> None:
    behind = json.dumps({"error": {"code": -32005, "message": KEY}}).encode()
    wrong = json.dumps({"error": {"code": -32602, "message": KEY}}).encode()

    with pytest.raises(NodeError, match="-32005"):
        parse_signatures(200, behind)
    with pytest.raises(BadRequest, match="-32602"):
        parse_signatures(200, wrong)


@pytest.mark.parametrize("count", [0, 1, ADDRESSES_A_RUN, ADDRESSES_A_RUN + 1, 37, 50])
def test_every_address_has_its_turn_within_a_turn(count: int) -> None:
    addresses = [f"Mint{number}" for number in range(count)]
    runs = max(1, ceil(count / ADDRESSES_A_RUN))

    for first in (0, 1_750_000_123):
        nows = [first + 300 * run for run in range(runs)]
        looked_at = [in_turn(addresses, now=now, every_seconds=300) for now in nows]
        assert {address for run in looked_at for address in run} == {*addresses}
        assert all(len(run) <= ADDRESSES_A_RUN for run in looked_at)
    assert turn_seconds(count, every_seconds=300) == 300 * runs
