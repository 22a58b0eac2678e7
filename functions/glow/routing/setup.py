"""Makes the RouteChange of the two functions that carry changes out, from their environment."""

import asyncio
import time
from typing import Final

from functions.environment import Environment
from functions.glow.edge.client import EdgeClient
from functions.glow.edge.rooms import EdgeRooms
from functions.glow.prices.store import PriceStore
from functions.glow.routing.change import RouteChange
from functions.glow.routing.known_tokens import KnownTokens
from functions.glow.routing.leavers import AwsClients
from functions.glow.routing.store import RouteStore
from functions.glow.routing.tasks import TaskQueue
from functions.glow.runtime import aws as clients
from functions.glow.sockets.post import ConnectionPoster
from functions.glow.sockets.subscriptions import SubscriptionStore

# For 500 rooms; nobody waits for it but `pulumi up`.
ORDER_TIMEOUT_MS: Final = 20_000


def route_change(environment: Environment) -> RouteChange:
    region = environment.aws_region
    dynamodb = clients.dynamodb(region)
    return RouteChange(
        store=RouteStore(dynamodb, environment.routes_table),
        known_tokens=KnownTokens(dynamodb, environment.routes_table),
        aws=AwsClients(
            SubscriptionStore(dynamodb, environment.connections_table),
            PriceStore(dynamodb, environment.prices_table),
            ConnectionPoster(
                environment.websocket_callback_url, clients.credentials(), region=region
            ),
            environment.endpoints,
        ),
        rooms=_rooms(environment),
        endpoints=environment.endpoints,
        tasks=TaskQueue(clients.sqs(region), environment.route_queue_url),
        grace_ms=environment.route_grace_seconds * 1_000,
        aws_connects_per_second=environment.aws_connects_per_second,
        clock=time.time,
        sleep=asyncio.sleep,
    )


def _rooms(environment: Environment) -> EdgeRooms | None:
    if not environment.edge_is_configured:
        return None
    return EdgeRooms(
        EdgeClient(
            environment.edge_broadcast_url,
            environment.edge_broadcast_secrets,
            timeout_ms=ORDER_TIMEOUT_MS,
        )
    )
