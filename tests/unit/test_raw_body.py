"""A damaged field of a Helius RAW transaction is named."""

from typing import cast

import pytest

from functions.glow.errors import BadRequest
from tests.unit.bodies import JsonObject, a_pool_buy, rows_of
from tests.unit.changed_raw_bodies import POOL_MINT, inner_calls, message, meta, read, row
from tests.unit.raw_bodies import base58, raw

DAMAGE: list[tuple[str, object]] = [
    ("fee", "x"),
    ("fee", 2**64),
    ("preBalances", {}),
    ("preBalances", [1, -1]),
    ("preBalances", [1, 2**64]),
    ("preBalances", [1, True]),
    ("postBalances", [1, "2"]),
    ("postBalances", [1, 2.5]),
    ("preTokenBalances", [7]),
    ("postTokenBalances", {}),
    ("innerInstructions", [None]),
    ("innerInstructions", [{"index": 1, "instructions": []}]),
    ("innerInstructions", [{"index": -1, "instructions": []}]),
    ("innerInstructions", [{"index": "0", "instructions": []}]),
    ("innerInstructions", [{"index": 0, "instructions": [{}]}]),
    ("loadedAddresses", []),
    ("loadedAddresses", {"writable": [7]}),
    ("loadedAddresses", {"readonly": "x"}),
]


@pytest.mark.parametrize(("field", "value"), DAMAGE)
def test_field_of_meta_is_named(field: str, value: object) -> None:
    buy = raw(a_pool_buy(), version=1)
    meta(buy)[field] = value

    with pytest.raises(BadRequest, match=rf"body\[0\]\.meta\.{field}"):
        read(buy)


@pytest.mark.parametrize("keys", [None, [], [""], ["A", "A"], ["A", 7], {}, [{"pubkey": "A"}]])
def test_account_keys_are_named(keys: object) -> None:
    buy = raw(a_pool_buy(), version=1)
    message(buy)["accountKeys"] = keys

    with pytest.raises(BadRequest, match=r"body\[0\]\.transaction\.message\.accountKeys"):
        read(buy)


@pytest.mark.parametrize("index", [-1, 99, 2**70, "1", True, 1.5, None, []])
def test_index_of_no_account_is_named(index: object) -> None:
    buys = [raw(a_pool_buy()) for _ in range(4)]
    row(buys[0], "preTokenBalances", POOL_MINT)["accountIndex"] = index
    inner_calls(buys[1])[0]["programIdIndex"] = index
    inner_calls(buys[2])[0]["accounts"] = [0, index]
    rows_of(message(buys[3]), "instructions")[0]["programIdIndex"] = index

    for buy in buys:
        with pytest.raises(BadRequest, match=r"must be the index of an account"):
            read(buy)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("amount", "-5"),
        ("amount", str(2**64)),
        ("amount", "1e3"),
        ("amount", None),
        ("decimals", 7),
        ("decimals", None),
    ],
)
def test_amount_is_named(field: str, value: object) -> None:
    buy = raw(a_pool_buy())
    cast("JsonObject", row(buy, "postTokenBalances", POOL_MINT)["uiTokenAmount"])[field] = value

    with pytest.raises(BadRequest, match=r"body\[0\]\.meta\.postTokenBalances\[\d\]"):
        read(buy)


def test_second_row_of_an_account_is_named() -> None:
    buy = raw(a_pool_buy())
    rows = rows_of(meta(buy), "preTokenBalances")
    rows.append(rows[0])

    with pytest.raises(BadRequest, match=rf"preTokenBalances\[{len(rows) - 1}\]"):
        read(buy)


A_TRANSFER_OF_NOTHING = base58(b"\x03")


@pytest.mark.parametrize("data", [None, 7, "0OIl", "é", A_TRANSFER_OF_NOTHING])
def test_data_of_a_call_is_named(data: object) -> None:
    buy = raw(a_pool_buy())
    inner_calls(buy)[1]["data"] = data

    with pytest.raises(BadRequest, match=r"innerInstructions\[0\]\.instructions\[1\]\.data"):
        read(buy)
