"""Makes the RouteChange of the two functions that carry changes out."""

import asyncio
import time
from typing import Final

from functions.glow.edge.client import EdgeClient
from functions.glow.edge.rooms import EdgeRooms
from functions.glow.prices.table import PriceTable
from functions.glow.routing.change import RouteChange
from functions.glow.routing.known_tokens import KnownTokens
from functions.glow.routing.leavers import Leavers
from functions.glow.routing.settings import ChangeSettings, EdgeAccess
from functions.glow.routing.table import RouteTable
from functions.glow.routing.tasks import TaskQueue
from functions.glow.runtime import boto
from functions.glow.sockets.setup import connection_poster
from functions.glow.sockets.subscriptions import SubscriptionTable

# An order reaches up to 500 rooms, and only `pulumi up` waits for it.
ORDER_TIMEOUT_MS: Final = 20_000


def route_change(settings: ChangeSettings) -> RouteChange:
    region = settings.region
    dynamodb = boto.dynamodb(region)
    return RouteChange(
        table=RouteTable(dynamodb, settings.routes_table),
        known_tokens=KnownTokens(dynamodb, settings.routes_table),
        leavers=Leavers(
            SubscriptionTable(dynamodb, settings.connections_table),
            PriceTable(dynamodb, settings.prices_table),
            connection_poster(dynamodb, settings.posting),
            settings.endpoints,
        ),
        rooms=None if settings.edge is None else _rooms(settings.edge),
        endpoints=settings.endpoints,
        tasks=TaskQueue(boto.sqs(region), settings.route_queue_url),
        grace_ms=settings.grace_seconds * 1_000,
        aws_connects_per_second=settings.aws_connects_per_second,
        clock=time.time,
        sleep=asyncio.sleep,
    )


def _rooms(edge: EdgeAccess) -> EdgeRooms:
    return EdgeRooms(EdgeClient(edge.origin, edge.secrets, timeout_ms=ORDER_TIMEOUT_MS))
