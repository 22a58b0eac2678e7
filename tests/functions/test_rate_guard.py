"""The rate guard on a real table: many processes, one quota."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from functions.glow.errors import Unavailable
from functions.glow.prices.attributes import integer, text
from functions.glow.runtime import aws
from functions.glow.sockets.budget import Quota
from functions.glow.sockets.leases import LeaseTable
from functions.glow.sockets.rate_guard import ROW_TIMEOUT_SECONDS, RateGuard
from tests.functions.cloud import CONNECTIONS, REGION

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_dynamodb.type_defs import AttributeValueTypeDef


@pytest.fixture(autouse=True)
def no_leases(dynamodb: DynamoDBClient) -> None:
    """The rows of seconds in which other tests posted are not part of these."""
    for second in leases(dynamodb):
        key: dict[str, AttributeValueTypeDef] = {
            "pk": {"S": f"POSTS#{second}"},
            "sk": {"S": "POSTS"},
        }
        dynamodb.delete_item(TableName=CONNECTIONS, Key=key)


async def post_for(seconds: float, guards: list[RateGuard]) -> Counter[int]:
    """Have every guard's process post as fast as it may; the posts of each second."""
    posts: Counter[int] = Counter()

    async def post(guard: RateGuard) -> None:
        while True:
            await guard.acquire()
            posts[int(time.time())] += 1

    try:
        async with asyncio.timeout(seconds):
            await asyncio.gather(*(post(guard) for guard in guards for _ in range(4)))
    except TimeoutError:
        pass
    return posts


async def test_ten_processes_together_lease_no_more_than_the_quota(
    dynamodb: DynamoDBClient,
) -> None:
    quota = Quota(2_000, 10)

    posts = await post_for(
        3, [RateGuard(LeaseTable(dynamodb, CONNECTIONS), quota) for _ in range(10)]
    )

    leased = leases(dynamodb)
    assert leased.keys() & posts.keys()
    assert max(leased.values()) <= quota.posts_per_second


async def test_one_process_may_use_what_the_others_leave(dynamodb: DynamoDBClient) -> None:
    quota = Quota(2_000, 10)

    await post_for(3, [RateGuard(LeaseTable(dynamodb, CONNECTIONS), quota)])

    assert max(leases(dynamodb).values()) > quota.share


def leases(dynamodb: DynamoDBClient) -> dict[int, int]:
    """How many posts were leased, by second."""
    rows = dynamodb.scan(
        TableName=CONNECTIONS,
        FilterExpression="sk = :posts",
        ExpressionAttributeValues={":posts": {"S": "POSTS"}},
    )["Items"]
    return {int(text(row, "pk").removeprefix("POSTS#")): integer(row, "used") for row in rows}


async def test_second_is_not_spent_at_its_beginning(dynamodb: DynamoDBClient) -> None:
    table = LeaseTable(dynamodb, CONNECTIONS)
    quota = Quota(8_000, 10)
    second = 1_900_000_000

    at_start = [
        table.lease(quota.lease, second=second, allowed=quota.allowed(second)) for _ in range(6)
    ]
    at_end = table.lease(quota.lease, second=second, allowed=quota.allowed(second + 0.99))

    assert at_start == [None, None, None, None, 2_000, 2_000]
    assert at_end is None


async def test_row_is_asked_once_a_second_for_few_posts(
    dynamodb: DynamoDBClient,
) -> None:
    asked: list[int] = []

    class Counted(LeaseTable):
        def lease(self, posts: int, *, second: int, allowed: int) -> int | None:
            asked.append(second)
            return super().lease(posts, second=second, allowed=allowed)

    guard = RateGuard(Counted(dynamodb, CONNECTIONS), Quota(8_000, 10))
    await guard.lease_ahead()
    for _ in range(10):
        await guard.acquire()

    assert asked
    assert len(asked) == len(set(asked))


async def test_row_that_is_away_leaves_each_process_its_share() -> None:
    quota = Quota(2_000, 10)
    missing = LeaseTable(aws.dynamodb(REGION), "missing")

    posts = await post_for(3, [RateGuard(missing, quota)])

    whole_seconds = sorted(posts)[1:-1]
    assert [posts[second] for second in whole_seconds] == [quota.share] * len(whole_seconds)


async def test_row_that_never_answers_holds_up_a_post_for_half_a_second(
    dynamodb: DynamoDBClient,
) -> None:
    class Silent(LeaseTable):
        def lease(self, posts: int, *, second: int, allowed: int) -> int | None:
            time.sleep(5 * ROW_TIMEOUT_SECONDS)  # longer than anybody waits for it
            raise Unavailable(f"{posts} {second} {allowed}")

    guard = RateGuard(Silent(dynamodb, CONNECTIONS), Quota(2_000, 10))
    started = time.monotonic()
    for _ in range(10):
        await guard.acquire()

    assert time.monotonic() - started < 5 * ROW_TIMEOUT_SECONDS


async def test_process_that_finds_no_lease_for_long_takes_its_share(
    dynamodb: DynamoDBClient,
) -> None:
    quota = Quota(2_000, 10)
    for ahead in range(10):
        LeaseTable(dynamodb, CONNECTIONS).lease(
            quota.posts_per_second, second=int(time.time()) + ahead, allowed=quota.posts_per_second
        )

    async with asyncio.timeout(5):
        await RateGuard(LeaseTable(dynamodb, CONNECTIONS), quota).acquire()


async def test_row_ends_by_itself(dynamodb: DynamoDBClient) -> None:
    LeaseTable(dynamodb, CONNECTIONS).lease(1, second=1_900_000_001, allowed=1)

    key = {"pk": {"S": "POSTS#1900000001"}, "sk": {"S": "POSTS"}}
    row = dynamodb.get_item(TableName=CONNECTIONS, Key=key).get("Item", {})
    assert row.get("expiresAt") == {"N": "1900000061"}
