"""The functions as Lambda runs them: imported with their environment, against a real ministack."""

from __future__ import annotations

import importlib
import json
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Protocol

import pytest

from functions import environment
from functions.glow.prices.table import PriceTable
from functions.glow.routing.known_tokens import KnownTokens
from functions.glow.routing.table import RouteTable
from functions.glow.runtime import aws
from functions.glow.runtime.aws import Credentials
from functions.glow.runtime.parallel import in_parallel
from functions.glow.sockets.budget import Quota
from functions.glow.sockets.leases import LeaseTable
from functions.glow.sockets.post import ConnectionPoster
from functions.glow.sockets.rate_guard import RateGuard
from functions.glow.sockets.subscriptions import SubscriptionTable
from functions.glow.update import Delivery
from tests.functions.builders import RETENTION_SECONDS
from tests.functions.cloud import (
    CANDLES,
    CONNECTIONS,
    PRICES,
    REGION,
    ROUTES,
    STACK,
    Queue,
    create_tables,
    empty_table,
    ministack,
)
from tests.functions.edge import CURRENT, PREVIOUS, Edge
from tests.functions.endpoint import Endpoint

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

CREDENTIALS = Credentials("test", "test", None)
ORIGINS = ["https://app.example", "http://localhost:*"]


@pytest.fixture(scope="package")
def dynamodb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DynamoDBClient]:
    with (
        ministack(tmp_path_factory.mktemp("ministack")) as url,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv("AWS_ENDPOINT_URL", url)
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        client = aws.dynamodb(REGION)
        create_tables(client)
        yield client


@pytest.fixture
def prices(dynamodb: DynamoDBClient) -> PriceTable:
    return PriceTable(dynamodb, PRICES)


@pytest.fixture
def subscriptions(dynamodb: DynamoDBClient) -> SubscriptionTable:
    return SubscriptionTable(dynamodb, CONNECTIONS)


@pytest.fixture
def queue(dynamodb: DynamoDBClient) -> Queue:
    return Queue()


@pytest.fixture
def dead_letters(dynamodb: DynamoDBClient) -> Queue:
    return Queue()


@pytest.fixture
def retry_queue(dynamodb: DynamoDBClient) -> Queue:
    """The edge retry queue."""
    return Queue()


@pytest.fixture
def tasks(dynamodb: DynamoDBClient) -> Queue:
    """The route queue."""
    return Queue()


@pytest.fixture
def later(dynamodb: DynamoDBClient) -> Queue:
    """The later queue."""
    return Queue(is_fifo=False)


@pytest.fixture
def later_dead_letters(dynamodb: DynamoDBClient) -> Queue:
    return Queue(is_fifo=False)


@pytest.fixture
def completions(dynamodb: DynamoDBClient) -> Queue:
    """The completion queue."""
    return Queue(is_fifo=False)


@pytest.fixture
def routes(dynamodb: DynamoDBClient) -> Iterator[RouteTable]:
    """The routing table, empty at first and again when the test ends."""
    empty_table(dynamodb, ROUTES)
    yield RouteTable(dynamodb, ROUTES)
    empty_table(dynamodb, ROUTES)


@pytest.fixture
def known_tokens(dynamodb: DynamoDBClient, routes: RouteTable) -> KnownTokens:
    return KnownTokens(dynamodb, ROUTES)


@pytest.fixture
def edge() -> Iterator[Edge]:
    with Edge() as edge:
        yield edge


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with Endpoint() as endpoint:
        yield endpoint


@pytest.fixture
def unhurried(dynamodb: DynamoDBClient) -> RateGuard:
    """A guard that nobody has to wait for."""
    return RateGuard(LeaseTable(dynamodb, CONNECTIONS), Quota(1_000_000, 10))


@pytest.fixture
async def poster(endpoint: Endpoint, unhurried: RateGuard) -> AsyncIterator[ConnectionPoster]:
    poster = ConnectionPoster(endpoint.url, CREDENTIALS, region=REGION, rate=unhurried)
    yield poster
    await poster.aclose()


Listen = Callable[..., list[str]]


@pytest.fixture
def listen(subscriptions: SubscriptionTable) -> Listen:
    """Connect `count` clients that listen to `token`; their ids."""

    now = time.time()

    def connect(token: str, count: int = 1, delivery: Delivery = "all") -> list[str]:
        clients = [f"{token}-{delivery}-{index}=" for index in range(count)]
        in_parallel(lambda client: subscriptions.connect(client, now=now), clients)
        in_parallel(
            lambda client: subscriptions.subscribe(client, {token: delivery}, now=now), clients
        )
        return clients

    return connect


class Load(Protocol):
    def __call__(
        self,
        function: str,
        *,
        tokens: Sequence[str] = (),
        origins: Sequence[str] = ORIGINS,
        **variables: str,
    ) -> ModuleType: ...


@pytest.fixture
def load(
    queue: Queue,
    retry_queue: Queue,
    tasks: Queue,
    later: Queue,
    dead_letters: Queue,
    later_dead_letters: Queue,
    completions: Queue,
    endpoint: Endpoint,
    edge: Edge,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Load:
    """Start a function as Lambda does; `variables` beside or instead of the usual ones."""

    def start(
        function: str,
        *,
        tokens: Sequence[str] = (),
        origins: Sequence[str] = ORIGINS,
        **variables: str,
    ) -> ModuleType:
        lists = {environment.TOKENS: tokens, environment.ALLOWED_ORIGINS: origins}
        file = tmp_path / environment.LISTS_FILE
        file.write_text(json.dumps(lists))
        usual = {
            environment.LISTS_PATH: str(file),
            environment.AWS_REGION: REGION,
            environment.STACK: STACK,
            environment.PRICES_TABLE: PRICES,
            environment.CONNECTIONS_TABLE: CONNECTIONS,
            environment.CANDLES_TABLE: CANDLES,
            environment.BROADCAST_QUEUE_URL: queue.url,
            environment.BROADCAST_DEAD_LETTER_QUEUE_URL: dead_letters.url,
            environment.BROADCAST_TRIES: "10",
            environment.LATER_QUEUE_URL: later.url,
            environment.LATER_DEAD_LETTER_QUEUE_URL: later_dead_letters.url,
            environment.LATER_TRIES: "10",
            environment.COMPLETION_QUEUE_URL: completions.url,
            environment.COMPLETION_DEAD_LETTER_QUEUE_URL: later_dead_letters.url,
            environment.COMPLETION_TRIES: "10",
            environment.COMPLETIONS_PER_BODY: "2",
            environment.POSTS_PER_SECOND: "1000000",
            environment.POSTING_PROCESSES: "10",
            environment.EDGE_RETRY_QUEUE_URL: retry_queue.url,
            environment.EDGE_RETRY_DEAD_LETTER_QUEUE_URL: dead_letters.url,
            environment.EDGE_RETRY_TRIES: "10",
            environment.EDGE_RETRY_BASE_SECONDS: "1",
            environment.EDGE_BROADCAST_URL: edge.url,
            environment.EDGE_BROADCAST_SECRET: CURRENT,
            environment.EDGE_BROADCAST_SECRET_PREVIOUS: PREVIOUS,
            environment.ROUTES_TABLE: ROUTES,
            environment.ROUTE_QUEUE_URL: tasks.url,
            environment.ROUTE_DEAD_LETTER_QUEUE_URL: dead_letters.url,
            environment.ROUTE_QUEUE_TRIES: "20",
            environment.ROUTE_GRACE_SECONDS: "10",
            environment.AWS_CONNECTS_PER_SECOND: "250",
            environment.WEBSOCKET_URL: "wss://websocket.test/live",
            environment.WEBSOCKET_CALLBACK_URL: endpoint.url,
            environment.HELIUS_WEBHOOK_SECRET: "current",
            environment.HELIUS_WEBHOOK_SECRET_PREVIOUS: "previous",
            environment.MAX_PRICE_JUMP: "20",
            environment.SOL_USD_MAX_AGE_SECONDS: "180",
            environment.QUIET_AFTER_SECONDS: "300",
            environment.JUPITER_REQUESTS_PER_MINUTE: "30",
            environment.PRICE_RETENTION_SECONDS: str(RETENTION_SECONDS),
            environment.CANDLE_RETENTION_SECONDS: str(365 * 86_400),
            environment.CALL_TIMEOUT_MS: "5000",
        }
        for name, value in {**usual, **variables}.items():
            monkeypatch.setenv(name, value)
        sys.modules.pop(f"functions.{function}", None)
        return importlib.import_module(f"functions.{function}")

    return start
