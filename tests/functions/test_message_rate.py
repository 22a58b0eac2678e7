"""How much one client may say before it is closed."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pytest

from functions.glow.sockets.message_rate import (
    MAX_MESSAGES,
    PERIOD_SECONDS,
    SHARE,
    MessageRate,
    Verdict,
)
from functions.glow.sockets.subscriptions import SubscriptionTable
from tests.functions.builders import NOW, a_token
from tests.functions.cloud import CONNECTIONS

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

LAST, TOO_MUCH = [Verdict.ADMITTED] * (SHARE - 1), Verdict.OVER


@pytest.fixture
def client(subscriptions: SubscriptionTable) -> str:
    """The id of a connected client."""
    connection_id = uuid.uuid4().hex
    subscriptions.connect(connection_id, now=NOW)
    return connection_id


@pytest.fixture
def rate(subscriptions: SubscriptionTable) -> MessageRate:
    return MessageRate(subscriptions)


def say(rate: MessageRate, client: str, count: int, *, now: float = NOW) -> list[Verdict]:
    return [rate.judge(client, now=now) for _ in range(count)]


def test_client_is_cut_off_once_and_what_was_under_way_is_dropped(
    rate: MessageRate, client: str
) -> None:
    assert set(say(rate, client, MAX_MESSAGES)) == {Verdict.ADMITTED}
    assert say(rate, client, SHARE) == [*LAST, TOO_MUCH]
    assert set(say(rate, client, 3 * SHARE)) == {Verdict.SPENT}


def test_limit_is_for_a_period(rate: MessageRate, client: str) -> None:
    first, second, third = (NOW + period * PERIOD_SECONDS for period in range(3))
    for now in (first, second):
        assert set(say(rate, client, MAX_MESSAGES, now=now)) == {Verdict.ADMITTED}

    say(rate, client, SHARE, now=second)
    assert say(rate, client, 1, now=second) == [Verdict.SPENT]
    assert say(rate, client, 1, now=third) == [Verdict.ADMITTED]


def test_processes_add_up_what_a_client_says(subscriptions: SubscriptionTable, client: str) -> None:
    """A flood is spread over many processes, each of which sees little of it."""
    processes = [MessageRate(subscriptions) for _ in range(10)]

    said = 0
    while all(process.judge(client, now=NOW) is Verdict.ADMITTED for process in processes):
        said += len(processes)

    assert MAX_MESSAGES <= said <= MAX_MESSAGES + SHARE * len(processes)


def test_clients_are_counted_apart(
    rate: MessageRate, client: str, subscriptions: SubscriptionTable
) -> None:
    other = uuid.uuid4().hex
    subscriptions.connect(other, now=NOW)
    say(rate, client, MAX_MESSAGES + SHARE)

    assert say(rate, other, 1) == [Verdict.ADMITTED]


def test_ordinary_client_costs_no_write(
    rate: MessageRate, client: str, subscriptions: SubscriptionTable, dynamodb: DynamoDBClient
) -> None:
    say(rate, client, SHARE - 1)

    assert "messages" not in _row(dynamodb, client)


def test_count_leaves_the_tokens_of_the_connection_alone(
    rate: MessageRate, client: str, subscriptions: SubscriptionTable, dynamodb: DynamoDBClient
) -> None:
    token = a_token()
    subscriptions.subscribe(client, {token: "all"}, now=NOW)
    say(rate, client, SHARE)
    row = _row(dynamodb, client)

    assert (row["tokens"], row["messages"]) == ({"SS": [token]}, {"N": str(SHARE)})


def test_counting_makes_no_row_for_a_client_that_left(
    rate: MessageRate, dynamodb: DynamoDBClient
) -> None:
    """Without an expiry it would stay for ever."""
    client = uuid.uuid4().hex

    say(rate, client, SHARE)

    assert _row(dynamodb, client) == {}


def _row(dynamodb: DynamoDBClient, client: str) -> dict[str, object]:
    key = {"pk": {"S": f"CONNECTION#{client}"}, "sk": {"S": "CONNECTION"}}
    answer = dynamodb.get_item(TableName=CONNECTIONS, Key=key, ConsistentRead=True)
    return dict(answer.get("Item", {}))
