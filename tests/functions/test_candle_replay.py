"""Twenty seconds at 50 trades/s, from Helius's bodies to the read API, with what goes wrong on the way.

tests/unit/test_roll_up.py replays an hour, on tables in memory.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

from functions.glow.candles.candle import Candle, Trade
from functions.glow.candles.raw import RawTrades
from functions.glow.candles.roll import RollUp
from functions.glow.candles.stream import changed_minutes
from functions.glow.candles.table import CandleTable
from functions.glow.routing.policy import Policy
from functions.glow.routing.routes import Routes
from functions.glow.update import Update, place_of, update_id
from tests.functions.builders import a_signature, a_token, an_http_event, an_update
from tests.functions.candles import changes_of
from tests.functions.cloud import CANDLES, PRICES, Queue, put_routes
from tests.functions.conftest import Load
from tests.functions.edge import Edge
from tests.unit.bodies import JsonObject, a_pool_buy
from tests.unit.expected_candles import expected
from tests.unit.raw_bodies import raw

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

    from functions.glow.routing.table import RouteTable

DAY = int(time.time()) // 86_400 * 86_400 - 86_400  # yesterday
START = DAY + 3_600 - 10  # over the turn of an hour
A_BODY, A_BATCH = 25, 250
SECONDS = {"1m": 60, "5m": 300, "1h": 3_600, "1d": 86_400}


@dataclass(frozen=True)
class Swap:
    """A trade of the replay. Its slot has no other, so that its place does not depend on when it came."""

    number: int
    signature: str
    lamports: int
    units: int

    @property
    def timestamp(self) -> int:
        return START + self.number // 50

    def in_helius_form(self, token: str, *, is_raw: bool) -> JsonObject:
        enhanced = a_pool_buy(
            lamports=self.lamports,
            units=self.units,
            mint=token,
            signature=self.signature,
            slot=self.number,
            timestamp=self.timestamp,
        )
        return raw(enhanced) if is_raw else enhanced

    def as_traded(self) -> Trade:
        return Trade(
            place=place_of(update_id(self.timestamp, self.number, self.signature)),
            index_in_block=None,
            came=(0, 0),
            timestamp=self.timestamp,
            price=Decimal(self.lamports) / self.units / 1_000,
            price_usd=None,
            amount=Decimal(self.units).scaleb(-6),
            amount_sol=Decimal(self.lamports).scaleb(-9),
            expires_at=0,
        )


class KilledError(Exception):
    """The process is gone."""


class DiesAfterTheMinutes(CandleTable):
    """Its reader is killed when it comes to the hour."""

    def range(self, *_: object, **__: object) -> NoReturn:
        raise KilledError


def test_replay_through_the_webhook_on_both_paths_comes_to_the_candles_of_its_trades(
    load: Load,
    dynamodb: DynamoDBClient,
    routes: RouteTable,
    edge: Edge,
    queue: Queue,
    retry_queue: Queue,
) -> None:
    """Of ten trades one is late by up to 15 s, of four bodies one is posted again, in the other form.
    Each batch's first roll-up is killed between the minutes and the hour. Half of the trades go out on
    AWS, half on the edge."""
    token, chance = a_token(), random.Random(16)  # noqa: S311 - no secret
    swaps = [
        Swap(
            number,
            a_signature(),
            chance.randrange(10**9, 3 * 10**9),
            chance.choice((2_000_000, 5_000_000)),
        )
        for number in range(20 * 50)
    ]
    late = {swap.number: chance.randrange(15) for swap in chance.sample(swaps, 100)}
    arrivals = sorted(swaps, key=lambda swap: swap.timestamp + late.get(swap.number, 0))
    middle = len(arrivals) // 2

    put_routes(routes, Routes(current=Policy()))
    replay(load, dynamodb, token, arrivals[:middle])
    put_routes(routes, Routes(current=Policy(edge_is_on=True)))
    replay(load, dynamodb, token, arrivals[middle:])

    assert queue.size() >= middle
    assert len(edge.heard[token]) + retry_queue.size() >= len(arrivals) - middle
    trades = [swap.as_traded() for swap in swaps]
    for interval, seconds in SECONDS.items():
        candles = [answered(candle) for candle in expected(trades, seconds)]
        assert chart(load, token, interval) == candles, interval


def replay(load: Load, dynamodb: DynamoDBClient, token: str, arrivals: Sequence[Swap]) -> None:
    """Post the trades to new processes, and have each batch of the stream rolled up."""
    webhook = load("webhook", USE_EDGE_BROADCAST="true")
    roller = load("candle_roller")

    def post(swaps: Sequence[Swap], *, is_raw: bool) -> None:
        body = json.dumps([swap.in_helius_form(token, is_raw=is_raw) for swap in swaps])
        event = an_http_event(
            "POST /webhook/price", headers={"authorization": "Bearer current"}, body=body
        )
        answers = (webhook.handler(event, None)["statusCode"] for _ in range(10))
        assert 200 in answers  # Helius tries again what took too long

    for batch in in_groups(arrivals, A_BATCH):
        for number, body in enumerate(in_groups(batch, A_BODY)):
            is_raw = number % 2 == 1
            post(body, is_raw=is_raw)
            if number % 4 == 3:
                post(body, is_raw=not is_raw)
        stored = [
            an_update(
                token, timestamp=swap.timestamp, slot=swap.number, tx_signature=swap.signature
            )
            for swap in batch
        ]
        with pytest.raises(KilledError):
            roll_up_until_killed(dynamodb, stored)
        assert roller.handler(changes_of(stored), None) == {"batchItemFailures": []}


def in_groups(swaps: Sequence[Swap], size: int) -> list[Sequence[Swap]]:
    return [swaps[begin : begin + size] for begin in range(0, len(swaps), size)]


def roll_up_until_killed(dynamodb: DynamoDBClient, stored: Sequence[Update]) -> None:
    candles = DiesAfterTheMinutes(dynamodb, CANDLES)
    roll_up = RollUp(RawTrades(dynamodb, PRICES), candles, retention_seconds=365 * 86_400)
    roll_up.run(changed_minutes(changes_of(stored)["Records"]), now=time.time())


def chart(load: Load, token: str, interval: str) -> Any:
    query = {"interval": interval, "from": str(DAY), "to": str(DAY + 86_400)}
    event = an_http_event("GET /tokens/{token}/candles", token=token, query=query)
    return json.loads(load("candles").handler(event, None)["body"])["candles"]


def answered(candle: Candle) -> dict[str, float]:
    assert candle.volume is not None
    assert candle.volume_sol is not None
    return {
        "time": candle.time,
        "open": float(candle.sol.open),
        "high": float(candle.sol.high),
        "low": float(candle.sol.low),
        "close": float(candle.sol.close),
        "volume": float(candle.volume),
        "volumeSol": float(candle.volume_sol),
        "trades": candle.trades,
    }
