"""What could not be rolled up leaves its queue once its candles are made again: `ops candles rebuild`."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from botocore.stub import Stubber
from rich.progress import Progress

from functions.glow.prices.table import PriceTable
from functions.glow.routing.known_tokens import KnownTokens
from functions.glow.runtime import aws
from ops.candle_failures import Settled, settle
from ops.candles import Rebuilt, rebuild_candles
from ops.deployed import DeployedStack
from ops.errors import OpsError
from ops.redrive import LANES
from ops.verify.config import Config
from ops.verify.queues import check_dead_letters
from ops.verify.target import Target
from tests.functions.builders import a_token
from tests.functions.candles import a_trade, stored
from tests.functions.cloud import CANDLES, PRICES, REGION, ROUTES, Queue

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

HOUR = int(time.time()) // 3_600 * 3_600 - 7_200
RETENTION_SECONDS = 30 * 86_400


@pytest.fixture
def failures(dynamodb: DynamoDBClient) -> Queue:
    return Queue(is_fifo=False)


@pytest.fixture
def deployed(failures: Queue) -> DeployedStack:
    lanes = {lane.dead_letters_output: Queue().url for lane in LANES}
    return DeployedStack(
        "dev",
        {
            **lanes,
            "LaterQueueUrl": failures.url,
            "CandleFailuresQueueUrl": failures.url,
            "PriceTableName": PRICES,
            "CandlesTableName": CANDLES,
            "RoutesTableName": ROUTES,
            "CandleRetentionDays": "30",
        },
    )


def fail(failures: Queue, first: int, last: int) -> None:
    """Write what Lambda writes, of a batch whose rows were stored from `first` to `last`."""
    batch = {
        "shardId": "shardId-00000001573689847184-864758bb",
        "startSequenceNumber": "800000000003126276362",
        "endSequenceNumber": "800000000003126276362",
        "approximateArrivalOfFirstRecord": iso(first),
        "approximateArrivalOfLastRecord": iso(last),
        "batchSize": 1,
        "streamArn": "arn:aws:dynamodb:us-east-1:123456789012:table/prices/stream/2026-11-14T00",
    }
    body = {
        "requestContext": {"condition": "RetryAttemptsExhausted", "approximateInvokeCount": 21},
        "responseContext": {"statusCode": 200, "functionError": "Unhandled"},
        "version": "1.0",
        "timestamp": iso(last + 60),
        "DDBStreamBatchInfo": batch,
    }
    aws.sqs(REGION).send_message(QueueUrl=failures.url, MessageBody=json.dumps(body))


def iso(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def rebuild(deployed: DeployedStack, tokens: Sequence[str] | None = None) -> Rebuilt:
    return rebuild_candles(
        deployed, tokens, HOUR, HOUR + 3_600, now=time.time(), progress=Progress(disable=True)
    )


def red(deployed: DeployedStack) -> list[str]:
    config = Config(webhook_secret="a", edge_secret=None, sol_usd_max_age_seconds=180)
    lines = check_dead_letters(Target(deployed=deployed, config=config))
    return [line.name for line in lines if line.state == "failed"]


@pytest.mark.usefixtures("routes")  # it goes through all tokens that are known
def test_rebuild_makes_the_candles_and_verify_green_again(
    deployed: DeployedStack, failures: Queue, prices: PriceTable, dynamodb: DynamoDBClient
) -> None:
    token, now = a_token(), time.time()
    KnownTokens(dynamodb, ROUTES).note([token], now=now)
    trade = a_trade(token, HOUR + 600)
    prices.append_all([trade], now=now, retention_seconds=RETENTION_SECONDS)
    for second in range(600, 612):  # more than SQS hands out at once
        fail(failures, HOUR + second, HOUR + second + 4)
    before = red(deployed)

    done = rebuild(deployed)

    assert before == ["failures of candles"]
    assert done.failures == Settled(settled=12, left=0)
    assert red(deployed) == []
    assert stored(dynamodb, token, "1m") == [(HOUR + 600, "0.5", "0.5", 1)]


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (HOUR - 60, HOUR + 60),
        (HOUR + 60, HOUR + 66),  # of a trade that was a while on its way, it may be
        (HOUR + 3_590, HOUR + 3_600),
    ],
)
def test_failure_of_another_time_stays_and_says_which(
    failures: Queue, first: int, last: int
) -> None:
    fail(failures, first, last)

    found = settle(aws.sqs(REGION), failures.url, HOUR, HOUR + 3_600)

    assert (found.settled, found.left) == (0, 1)
    assert found.since is not None
    assert settle(aws.sqs(REGION), failures.url, found.since, last + 1).settled == 1


def test_failure_stays_while_only_some_tokens_are_made_again(
    deployed: DeployedStack, failures: Queue
) -> None:
    fail(failures, HOUR + 600, HOUR + 604)

    done = rebuild(deployed, [a_token()])

    assert done.failures is None
    assert red(deployed) == ["failures of candles"]


def test_what_is_no_failure_of_lambda_stays(failures: Queue) -> None:
    aws.sqs(REGION).send_message(QueueUrl=failures.url, MessageBody='{"hello": "world"}')

    found = settle(aws.sqs(REGION), failures.url, 0, HOUR)

    assert found == Settled(settled=0, left=1)
    assert failures.receive()


def test_queue_that_does_not_answer_is_told_with_the_likely_causes(failures: Queue) -> None:
    client = aws.sqs(REGION)

    with Stubber(client) as broken:
        broken.add_client_error("receive_message", "AccessDenied")
        with pytest.raises(OpsError, match=r"(?s)made again, but.*AccessDenied.*Run it again"):
            settle(client, failures.url, 0, HOUR)
