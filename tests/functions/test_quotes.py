"""QuoteCollector on real tables and queues, with a Jupiter over real HTTP."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from decimal import Decimal
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

from functions.glow.prices.table import PriceTable
from functions.glow.quotes.jupiter import ALL_SECONDS, MAX_MINTS, Harvest
from functions.glow.quotes.jupiter import TRIES as TRIES_OF_A_BATCH
from functions.glow.quotes.jupiter import Jupiter as JupiterClient
from functions.glow.quotes.runs import RUN_SECONDS, Runs, pause_seconds
from functions.glow.routing.rate import RateRow
from functions.glow.routing.table import RouteTable
from functions.glow.trades.base58 import encode
from functions.glow.trades.movements import WRAPPED_SOL
from functions.glow.update import Update, id_at, parse_update
from functions.glow.usd import SolUsd
from tests.functions.builders import a_signature, a_simple_trade, an_http_event
from tests.functions.cloud import ROUTES, Queue
from tests.functions.conftest import Load
from tests.functions.jupiter import NEVER, Jupiter, Reply, quote

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

KEY = "a-key-of-jupiter-0123456789"
BLOCK = 348_004_023
TRIES = 10
QUIET_SECONDS = 300
RETENTION = 86_400
QUOTE_AGE_SECONDS = 10  # the design's


def a_mint(number: int | None = None) -> str:
    seed = time.time_ns() if number is None else number
    return encode(b"\x07" + seed.to_bytes(31))


class Market:
    """The collector beside the price table; `token` is a mint that was never traded."""

    def __init__(
        self, load: Load, jupiter: Jupiter, prices: PriceTable, queue: Queue, client: DynamoDBClient
    ) -> None:
        self.token = a_mint()
        self.jupiter = jupiter
        self.prices = prices
        self.environment = {"JUPITER_URL": jupiter.url, "JUPITER_API_KEY": KEY}
        self.rate_row = RateRow(client, ROUTES)
        self._load, self._queue, self._client = load, queue, client

    def collector(self, *tokens: str) -> ModuleType:
        return self._load("quotes", tokens=tokens or [self.token], **self.environment)

    def run(self, *tokens: str) -> None:
        """A run, a minute after the last one."""
        self.a_minute_passes()
        self.collector(*tokens).handler({}, None)

    def a_minute_passes(self) -> None:
        """As the row of the runs sees it."""
        self._client.update_item(
            TableName=ROUTES,
            Key={"id": {"S": "QUOTES"}},
            UpdateExpression="SET startedAtMs = :before",
            ExpressionAttributeValues={":before": {"N": "1"}},
        )

    def heard(self) -> list[Update]:
        return [parse_update(record["body"]) for record in self._queue.take()]

    def stored(self, token: str | None = None) -> list[Update]:
        token = token or self.token
        return list(self.prices.page(token, after=id_at(0), limit=99, now=time.time()).updates)

    def trade(self, *, ago: int, price: str = "0.5", slot: int = BLOCK - 1_000) -> Update:
        update = Update(
            self.token, Decimal(price), int(time.time()) - ago, slot, a_signature(), side="buy"
        )
        self.prices.append_all([update], now=time.time(), retention_seconds=RETENTION)
        return update

    def runs_row(self) -> dict[str, Any]:
        answer = self._client.get_item(TableName=ROUTES, Key={"id": {"S": "QUOTES"}})
        return dict(answer.get("Item", {}))


@pytest.fixture
def jupiter() -> Iterator[Jupiter]:
    with Jupiter() as jupiter:
        yield jupiter


@pytest.fixture
def market(
    load: Load,
    jupiter: Jupiter,
    prices: PriceTable,
    queue: Queue,
    dynamodb: DynamoDBClient,
    routes: RouteTable,
    monkeypatch: pytest.MonkeyPatch,
) -> Market:
    monkeypatch.setattr("functions.glow.quotes.jupiter.PAUSE_SECONDS", 0.01)
    monkeypatch.setattr("functions.glow.quotes.jupiter.REQUEST_SECONDS", 1.0)
    return Market(load, jupiter, prices, queue, dynamodb)


class TestRate:
    def test_sol_usd_lies_beside_the_routing_item(self, market: Market, routes: RouteTable) -> None:
        before_ms = int(time.time() * 1000)
        market.jupiter.prices[WRAPPED_SOL] = quote(147.4789450001, BLOCK)

        market.run()

        item, rate = routes.read_with_rate()
        assert item is None
        assert rate is not None
        assert (rate.price, rate.block_id) == (Decimal("147.4789450001"), BLOCK)
        assert before_ms <= rate.asked_at_ms <= time.time() * 1000

    @pytest.mark.parametrize(
        ("usd_price", "block"),
        [
            pytest.param(150, BLOCK, id="unchanged: nobody knows how old it is"),
            pytest.param(151, BLOCK - 1, id="of an older block"),
            pytest.param(301, BLOCK + 9, id="a jump"),
            pytest.param(74, BLOCK + 9, id="a fall"),
        ],
    )
    def test_doubtful_rate_leaves_the_one_that_is_fresh(
        self, market: Market, usd_price: int, block: int
    ) -> None:
        known = SolUsd(Decimal(150), int(time.time() * 1000) - 60_000, BLOCK)
        market.rate_row.write(known)
        market.jupiter.prices[WRAPPED_SOL] = quote(usd_price, block)

        market.run()

        assert market.rate_row.read() == known

    def test_jump_from_a_rate_that_is_stale_is_taken(self, market: Market) -> None:
        market.rate_row.write(SolUsd(Decimal(150), int(time.time() * 1000) - 200_000, BLOCK))
        market.jupiter.prices[WRAPPED_SOL] = quote(310, BLOCK - 5)

        market.run()

        rate = market.rate_row.read()
        assert rate is not None
        assert rate.price == 310

    def test_rate_that_was_asked_for_earlier_never_replaces_a_later_one(
        self, market: Market
    ) -> None:
        later = SolUsd(Decimal(150), 2_000, BLOCK)
        assert market.rate_row.write(later)

        assert not market.rate_row.write(SolUsd(Decimal(140), 1_000, BLOCK))
        assert market.rate_row.read() == later


class TestQuote:
    def test_quiet_token_is_stored_and_published_in_sol_and_dollars(self, market: Market) -> None:
        market.jupiter.prices[market.token] = quote(0.75, BLOCK)
        asked_from = int(time.time())

        market.run()

        (heard,) = market.heard()
        assert market.stored() == [heard]
        assert (heard.price, heard.price_usd) == (Decimal("0.005"), Decimal("0.75"))
        assert (heard.source, heard.slot, heard.side) == ("jupiter", BLOCK, None)
        assert heard.tx_signature == f"jupiter{BLOCK}"
        assert 0 <= heard.timestamp + QUOTE_AGE_SECONDS - asked_from <= 60

    def test_unchanged_block_is_not_sent_again(self, market: Market) -> None:
        market.jupiter.prices[market.token] = quote(0.75, BLOCK)
        market.run()
        assert len(market.heard()) == 1

        market.jupiter.prices[WRAPPED_SOL] = quote(151, BLOCK + 100)
        market.run()

        assert market.heard() == []
        assert len(market.stored()) == 1

    def test_next_block_is_sent(self, market: Market) -> None:
        market.jupiter.prices[market.token] = quote(0.75, BLOCK)
        market.run()
        market.jupiter.prices[market.token] = quote(0.76, BLOCK + 5)

        market.run()

        assert [update.slot for update in market.heard()] == [BLOCK, BLOCK + 5]

    def test_token_that_was_traded_lately_is_not_asked_for(self, market: Market) -> None:
        market.trade(ago=QUIET_SECONDS - 60)

        market.run()

        assert market.jupiter.mints_asked == [[WRAPPED_SOL]]

    def test_quotes_do_not_make_a_token_loud(self, market: Market) -> None:
        market.jupiter.prices[market.token] = quote(0.75, BLOCK)
        market.run()
        market.run()

        assert market.jupiter.mints_asked[-1] == [WRAPPED_SOL, market.token]

    def test_names_and_sol_itself_are_not_asked_for(self, market: Market) -> None:
        market.run("SOL", "DEMO_TOKEN", WRAPPED_SOL, "a" * 44, market.token)

        assert market.jupiter.mints_asked == [[WRAPPED_SOL, market.token]]

    def test_trade_of_that_slot_or_a_later_one_is_as_good(self, market: Market) -> None:
        trade = market.trade(ago=QUIET_SECONDS + 60, slot=BLOCK)
        market.jupiter.prices[market.token] = quote(0.75, BLOCK)

        market.run()

        assert market.heard() == []
        assert market.stored() == [trade]

    def test_trade_that_comes_while_jupiter_is_asked_is_not_outrun(self, market: Market) -> None:
        market.jupiter.prices[market.token] = quote(0.75, BLOCK)
        traded: list[Update] = []
        market.jupiter.before_answer = lambda: traded.append(market.trade(ago=0, price="0.005"))

        market.run()

        assert market.heard() == []
        assert market.stored() == traded

    def test_trade_that_is_on_its_way_is_newer_than_the_quote(self, market: Market) -> None:
        market.jupiter.prices[market.token] = quote(0.75, BLOCK)
        market.run()

        trade = market.trade(ago=QUOTE_AGE_SECONDS - 2, price="0.005")

        newest = market.prices.newest(market.token, now=time.time())
        assert newest == trade

    def test_quote_too_far_from_the_last_trade_is_held_back(self, market: Market) -> None:
        market.trade(ago=QUIET_SECONDS + 60, price="0.5")
        market.jupiter.prices[market.token] = quote(0.75, BLOCK)  # 0.005 SOL

        market.run()

        assert market.heard() == []
        assert len(market.stored()) == 1

    def test_without_fresh_sol_usd_there_is_no_quote(self, market: Market) -> None:
        market.rate_row.write(SolUsd(Decimal(150), int(time.time() * 1000) - 181_000, BLOCK))
        market.jupiter.prices = {market.token: quote(0.75, BLOCK)}

        market.run()

        assert market.heard() == market.stored() == []

    def test_fifty_tokens_take_two_requests(self, market: Market) -> None:
        tokens = [a_mint(number) for number in range(50)]

        market.run(*tokens)

        assert [len(mints) for mints in market.jupiter.mints_asked] == [50, 1]
        assert market.jupiter.mints_asked[0][0] == WRAPPED_SOL

    def test_batch_that_fails_harms_no_other_and_comes_with_the_next_run(
        self, market: Market, caplog: pytest.LogCaptureFixture
    ) -> None:
        tokens = sorted(a_mint() for _ in range(50))
        first, last = tokens[0], tokens[-1]
        market.jupiter.prices |= {first: quote(0.75, BLOCK), last: quote(1.5, BLOCK)}

        def fail_from_now_on() -> None:
            if len(market.jupiter.asked) == 2:
                market.jupiter.replies = [Reply(b"", 503)] * TRIES_OF_A_BATCH

        market.jupiter.before_answer = fail_from_now_on
        market.run(*tokens)

        assert [update.token for update in market.heard()] == [first]
        assert [record.__dict__["reason"] for record in failures(caplog)] == ["HTTP 503"] * 3
        assert int(market.runs_row()["failures"]["N"]) == 0

        market.run(*tokens)

        assert [update.token for update in market.heard()] == [last]

    def test_run_tells_how_many_tokens_jupiter_left_out(
        self, market: Market, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.INFO)
        market.jupiter.prices[market.token] = quote(0.75, BLOCK)

        market.run(market.token, a_mint(), a_mint())

        (told,) = [each.__dict__ for each in caplog.records if each.message == "quotes_collected"]
        assert (told["quiet"], told["published"], told["left_out"]) == (3, 1, 2)

    def test_quote_that_was_stored_but_not_published_is_published_by_the_next_run(
        self, market: Market
    ) -> None:
        market.jupiter.prices[market.token] = quote(0.75, BLOCK)
        queue_url = {"BROADCAST_QUEUE_URL": "http://127.0.0.1:1/nowhere"}
        market.environment |= queue_url
        with pytest.raises(Exception, match="broadcast queue"):
            market.run()
        assert len(market.stored()) == 1
        for name in queue_url:
            del market.environment[name]

        market.run()

        assert market.heard() == market.stored()


ANSWERS: dict[str, object] = {
    "zero": quote(0),
    "negative": quote(-0.75),
    "huge": quote(10**101),
    "text": quote("0.75"),
    "boolean": quote(True),
    "null price": quote(None),
    "no price": {"blockId": BLOCK},
    "no block": {"usdPrice": 0.75},
    "block below zero": quote(0.75, -1),
    "block as text": quote(0.75, str(BLOCK)),
    "block of 13 digits": quote(0.75, 10**12),
    "a number": 0.75,
    "a list": [0.75],
    "null": None,
    "price of version 2": {"price": "0.75"},
    "too little to have a price in SOL": quote(1e-99),
}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_damaged_quote_is_no_price_and_harms_no_other(market: Market, answer: object) -> None:
    other = a_mint()
    market.jupiter.prices |= {market.token: answer, other: quote(1.5, BLOCK), a_mint(): quote(1)}

    market.run(market.token, other)

    assert [update.token for update in market.heard()] == [other]
    assert market.stored() == []
    assert market.rate_row.read() is not None


def broken(body: bytes, status: int = 200, **headers: str) -> Reply:
    return Reply(body, status, headers)


BROKEN = {
    "html": broken(b"<html>busy</html>"),
    "nothing": broken(b""),
    "cut": broken(b'{"So111'),
    "not a number": broken(b'{"%s": {"usdPrice": NaN, "blockId": 1}}' % WRAPPED_SOL.encode()),
    "infinite": broken(b'{"%s": {"usdPrice": Infinity, "blockId": 1}}' % WRAPPED_SOL.encode()),
    "an exponent without end": broken(
        b'{"%s": {"usdPrice": 1e999999999999999999999, "blockId": 1}}' % WRAPPED_SOL.encode()
    ),
    "a list": broken(b"[]"),
    "an error in an envelope": broken(b'"Rate limit exceeded"'),
    "not text": broken(b"\xff\xfe"),
    "too long": broken(b'{"a":"' + b"x" * 200_000 + b'"}'),
    "too deep": broken(b"[" * 50_000),
    "too many": broken(b"{}", 429),
    "server error": broken(b"{}", 500),
    "bad gateway": broken(b"<html>", 502),
    "silence": broken(b"", NEVER),
}


@pytest.mark.parametrize("reply", BROKEN.values(), ids=BROKEN)
def test_answer_that_may_be_better_later_is_asked_for_again(market: Market, reply: Reply) -> None:
    market.jupiter.prices[market.token] = quote(0.75, BLOCK)
    market.jupiter.replies = [reply]

    market.run()

    assert len(market.jupiter.asked) == 2
    assert len(market.heard()) == 1


@pytest.mark.parametrize("status", [204, 301, 302, 307, 308, 400, 401, 403, 404])
def test_answer_that_stays_the_same_is_not_asked_for_again(
    market: Market, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    with Jupiter() as elsewhere:
        location = {"location": f"{elsewhere.url}/price/v3"} if 300 <= status < 400 else {}
        market.jupiter.replies = [Reply(b"", status, location)]

        market.run()

        assert elsewhere.asked == []
    assert len(market.jupiter.asked) == 1
    assert [record.__dict__["reason"] for record in failures(caplog)] == [f"HTTP {status}"]
    assert market.rate_row.read() is None


class _Loop(asyncio.SelectorEventLoop):
    """Its clock may be set forward."""

    ahead_seconds = 0.0

    def time(self) -> float:
        return super().time() + self.ahead_seconds


class TestTries:
    """Of Jupiter's client alone, whose pauses take no time here."""

    @pytest.fixture
    def loop(self) -> Iterator[_Loop]:
        loop = _Loop()
        yield loop
        loop.close()

    def ask(
        self,
        jupiter: Jupiter,
        loop: _Loop,
        mints: Sequence[str],
        *,
        sleep: Callable[[float], Awaitable[None]],
        chance: float = 0.0,
    ) -> Harvest:
        client = JupiterClient(
            jupiter.url,
            None,
            max_requests=10,
            clock=time.time,
            sleep=sleep,
            chance=lambda: chance,
        )

        async def ask() -> Harvest:
            try:
                return await client.ask(mints)
            finally:
                await client.aclose()

        return loop.run_until_complete(ask())

    @pytest.mark.parametrize(
        ("chance", "pauses"), [(0.0, [1.0, 2.0]), (0.5, [0.75, 1.5]), (1.0, [0.5, 1.0])]
    )
    def test_pause_before_a_try_doubles_and_is_shortened_by_chance(
        self, jupiter: Jupiter, loop: _Loop, chance: float, pauses: list[float]
    ) -> None:
        jupiter.replies = [Reply(b"", 429)] * 9
        slept: list[float] = []

        async def sleep(seconds: float) -> None:
            slept.append(seconds)

        harvest = self.ask(jupiter, loop, [WRAPPED_SOL], sleep=sleep, chance=chance)

        assert slept == pauses
        assert (harvest.requests, harvest.failures) == (3, ["HTTP 429"] * 3)

    def test_what_was_answered_before_the_time_was_over_is_kept(
        self, jupiter: Jupiter, loop: _Loop
    ) -> None:
        mints = [WRAPPED_SOL, *(a_mint(number) for number in range(MAX_MINTS))]

        def fail_the_second() -> None:
            jupiter.replies = [Reply(b"", 503)] * (len(jupiter.asked) == 2)

        async def sleep(_seconds: float) -> None:
            loop.ahead_seconds += ALL_SECONDS
            await asyncio.Event().wait()

        jupiter.before_answer = fail_the_second
        harvest = self.ask(jupiter, loop, mints, sleep=sleep)

        (asked,) = harvest.answers
        assert asked.answer.quoted.keys() == {WRAPPED_SOL}
        assert harvest.failures == ["HTTP 503", "not done within 15 s"]


def failures(caplog: pytest.LogCaptureFixture) -> Sequence[logging.LogRecord]:
    return [record for record in caplog.records if record.message == "jupiter_failed"]


class TestRuns:
    def test_two_that_begin_together_ask_once(self, market: Market) -> None:
        market.jupiter.prices[market.token] = quote(0.75, BLOCK)
        collector = market.collector()
        market.jupiter.before_answer = lambda: collector.handler({}, None)

        market.run()

        assert len(market.jupiter.asked) == 1
        assert len(market.heard()) == len(market.stored()) == 1

    @pytest.mark.usefixtures("routes")
    def test_run_that_died_holds_up_the_next_for_no_longer_than_it_could_have_run(
        self, dynamodb: DynamoDBClient
    ) -> None:
        runs = Runs(dynamodb, ROUTES)

        assert runs.begin(now=1_000) == 0
        assert runs.begin(now=1_000 + RUN_SECONDS - 0.001) is None
        assert runs.begin(now=1_000 + RUN_SECONDS) == 1

    def test_requests_of_a_run_are_a_third_of_a_minute_s(self, market: Market) -> None:
        market.environment["JUPITER_REQUESTS_PER_MINUTE"] = "6"
        market.jupiter.replies = [Reply(b"", 500)] * 9

        market.run()

        assert len(market.jupiter.asked) == 2

    def test_jupiter_that_does_not_answer_is_left_alone_for_a_while(self, market: Market) -> None:
        market.jupiter.replies = [Reply(b"", 401)] * 9
        for _ in range(3):
            market.run()
        assert int(market.runs_row()["failures"]["N"]) == 3
        market.run()  # within the pause
        assert len(market.jupiter.asked) == 3

    def test_answer_ends_the_count_of_failures(self, market: Market) -> None:
        market.jupiter.replies = [Reply(b"", 401)] * 2
        for _ in range(3):
            market.run()

        assert int(market.runs_row()["failures"]["N"]) == 0

    def test_pause_grows_and_ends(self) -> None:
        assert [pause_seconds(failures) for failures in (0, 1, 2)] == [0, 0, 0]
        assert [pause_seconds(failures) for failures in (3, 4, 5, 99)] == [120, 240, 480, 480]


class TestKey:
    def test_key_goes_to_jupiter_and_into_no_log(
        self, market: Market, caplog: pytest.LogCaptureFixture
    ) -> None:
        market.jupiter.replies = [Reply(KEY.encode(), 500), Reply(b"", 401)]
        with caplog.at_level(logging.DEBUG):
            market.run()

        assert market.jupiter.asked[0].path == "/price/v3"
        assert {asked.headers["x-api-key"] for asked in market.jupiter.asked} == {KEY}
        assert KEY not in "".join(str(record.__dict__) for record in caplog.records)

    def test_without_a_key_none_is_sent(self, market: Market) -> None:
        market.environment["JUPITER_API_KEY"] = ""

        market.run()

        assert "x-api-key" not in market.jupiter.asked[0].headers


class TestTrades:
    """What the webhook makes of SOL/USD."""

    @pytest.fixture
    def send(self, load: Load, market: Market) -> Callable[..., Update]:
        def trade(webhook: ModuleType | None = None, *, ago: int = 0) -> Update:
            body = a_simple_trade(
                tx_signature=a_signature(), timestamp=int(time.time()) - ago, lamports=2_500_000_000
            )
            headers = {"authorization": "Bearer current", "x-token": market.token}
            event = an_http_event("POST /webhook/price", headers=headers, body=body)
            function = webhook or load("webhook")
            # As Helius does after a 503, which a busy machine may answer.
            assert any(function.handler(event, None)["statusCode"] == 200 for _ in range(TRIES))
            return market.heard()[-1]

        return trade

    def rate(self, market: Market, price: str, *, age_seconds: int = 0) -> None:
        now_ms = int(time.time() * 1000)
        market.rate_row.write(SolUsd(Decimal(price), now_ms - age_seconds * 1000, BLOCK))

    def test_first_trade_of_a_process_has_its_price_in_dollars(
        self, market: Market, send: Callable[..., Update]
    ) -> None:
        self.rate(market, "147.48")

        trade = send()

        assert trade.price == Decimal("2.5")
        assert trade.price_usd == Decimal("368.7")
        assert market.stored()[-1].price_usd == trade.price_usd

    def test_stale_rate_gives_no_dollars(self, market: Market, send: Callable[..., Update]) -> None:
        self.rate(market, "147.48", age_seconds=181)

        assert send().price_usd is None

    def test_rate_of_today_gives_an_old_trade_no_dollars(
        self, market: Market, send: Callable[..., Update]
    ) -> None:
        self.rate(market, "147.48")

        assert send(ago=181).price_usd is None

    def test_process_that_was_idle_does_not_use_the_rate_of_then(
        self, market: Market, load: Load, send: Callable[..., Update]
    ) -> None:
        webhook = load("webhook")
        self.rate(market, "147.48", age_seconds=181)
        assert send(webhook).price_usd is None
        webhook._ROUTES.expire()
        self.rate(market, "150")

        assert send(webhook).price_usd == Decimal(375)

    def test_quotes_hide_the_last_trade_from_no_gate(self, market: Market) -> None:
        """An hour of quotes lies between two trades; the second is still measured by the first."""
        now = int(time.time())
        first = market.trade(ago=3_400, price="1000")
        quotes = [
            Update(
                market.token,
                Decimal("0.0025"),
                now - 3_300 + 60 * minute,
                BLOCK + minute,
                f"jupiter{BLOCK + minute}",
                source="jupiter",
            )
            for minute in range(54)
        ]
        market.prices.append_all(quotes, now=time.time(), retention_seconds=RETENTION)

        rows = market.prices.recent(market.token, since=now - 3_600, now=time.time())

        assert [row.update for row in rows if not row.is_quote] == [first]
