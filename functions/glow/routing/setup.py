"""Makes the parts of the functions that carry changes of route out, or take one back."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final

from functions.glow.edge.client import EdgeClient
from functions.glow.edge.rooms import EdgeRooms
from functions.glow.prices.table import PriceTable
from functions.glow.routing.cloudwatch import AlarmBell, PathFigures
from functions.glow.routing.guard import Guard
from functions.glow.routing.known_tokens import KnownTokens
from functions.glow.routing.mover import Mover
from functions.glow.routing.settings import GuardSettings, ItemSettings, WalkSettings
from functions.glow.routing.table import RouteTable
from functions.glow.routing.tasks import TaskQueue
from functions.glow.routing.telling import Telling
from functions.glow.routing.walk import Walk
from functions.glow.runtime import boto
from functions.glow.sockets.setup import connection_poster
from functions.glow.sockets.subscriptions import SubscriptionTable

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

# An order reaches up to 500 rooms, and no client waits for it.
ORDER_TIMEOUT_MS: Final = 20_000


def mover(settings: ItemSettings) -> Mover:
    dynamodb = boto.dynamodb(settings.region)
    return Mover(
        table=RouteTable(dynamodb, settings.routes_table),
        known_tokens=_known_tokens(dynamodb, settings),
        rooms=_rooms(settings),
        tasks=TaskQueue(boto.sqs(settings.region), settings.route_queue_url),
        clock=time.time,
        sleep=asyncio.sleep,
    )


def guard(settings: GuardSettings) -> Guard:
    item = settings.item
    cloudwatch = boto.cloudwatch(item.region)
    return Guard(
        table=RouteTable(boto.dynamodb(item.region), item.routes_table),
        mover=mover(item),
        figures=PathFigures(cloudwatch, settings.stack),
        bell=AlarmBell(cloudwatch, settings.alarm),
        clock=time.time,
    )


def walk(settings: WalkSettings) -> Walk:
    item = settings.item
    dynamodb = boto.dynamodb(item.region)
    subscriptions = SubscriptionTable(dynamodb, settings.posting.connections_table)
    return Walk(
        table=RouteTable(dynamodb, item.routes_table),
        known_tokens=_known_tokens(dynamodb, item),
        subscriptions=subscriptions,
        clients=Telling(
            subscriptions,
            PriceTable(dynamodb, settings.prices_table),
            connection_poster(dynamodb, settings.posting),
            settings.endpoints,
        ),
        rooms=_rooms(item),
        websocket_url=settings.endpoints.websocket_url,
        grace_ms=settings.grace_seconds * 1_000,
        aws_connects_per_second=settings.aws_connects_per_second,
        clock=time.time,
        sleep=asyncio.sleep,
    )


def _known_tokens(dynamodb: DynamoDBClient, settings: ItemSettings) -> KnownTokens:
    return KnownTokens(dynamodb, settings.routes_table, settings.tokens)


def _rooms(settings: ItemSettings) -> EdgeRooms | None:
    if settings.edge is None:
        return None
    edge = settings.edge
    return EdgeRooms(EdgeClient(edge.origin, edge.secrets, timeout_ms=ORDER_TIMEOUT_MS))
