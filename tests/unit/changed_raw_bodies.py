"""The parts of a RAW transaction, to be changed in place, and what is read of it then."""

import json
from typing import cast

from functions.glow.fields import as_object, parse_json
from functions.glow.trades.movements import Movements
from functions.glow.trades.outcome import NoPrice
from functions.glow.trades.raw import read_raw
from tests.unit.bodies import MINT, POOL, SOL, TRADER, JsonObject, rows_of

# The token accounts of raw(a_pool_buy())
POOL_SOL, POOL_MINT, TRADER_MINT = f"{POOL}Sol", f"{POOL}{MINT}", f"trader{MINT}"
TRADER_SOL = f"{TRADER}{SOL}"


def read(transaction: JsonObject) -> Movements | NoPrice:
    parsed = as_object(parse_json(json.dumps(transaction), where="body"), where="body")
    return read_raw(parsed, where="body[0]")


def meta(transaction: JsonObject) -> JsonObject:
    return cast("JsonObject", transaction["meta"])


def message(transaction: JsonObject) -> JsonObject:
    return cast("JsonObject", cast("JsonObject", transaction["transaction"])["message"])


def inner_calls(transaction: JsonObject) -> list[JsonObject]:
    (group,) = rows_of(meta(transaction), "innerInstructions")
    return rows_of(group, "instructions")


def addresses(transaction: JsonObject) -> list[str]:
    loaded = cast("dict[str, list[str]]", meta(transaction)["loadedAddresses"])
    static = cast("list[str]", message(transaction)["accountKeys"])
    return [*static, *loaded["writable"], *loaded["readonly"]]


def lamports(transaction: JsonObject, key: str) -> list[int]:
    return cast("list[int]", meta(transaction)[key])


def row(transaction: JsonObject, key: str, address: str) -> JsonObject:
    index = addresses(transaction).index(address)
    (found,) = [one for one in rows_of(meta(transaction), key) if one["accountIndex"] == index]
    return found


def set_units(transaction: JsonObject, key: str, address: str, units: int) -> None:
    cast("JsonObject", row(transaction, key, address)["uiTokenAmount"])["amount"] = str(units)
