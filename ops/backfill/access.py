"""What a backfill needs of a deployed stack: its config, its tables, and its publisher."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from components.settings.model import Settings
from functions.glow.prices.table import PriceTable
from functions.glow.routing.cache import RouteCache
from functions.glow.routing.known_tokens import KnownTokens
from functions.glow.routing.rate import RateRow
from functions.glow.routing.settings import EdgeAccess
from functions.glow.routing.table import RouteTable
from functions.glow.trades.gatekeeper import Gatekeeper
from functions.glow.trades.settings import EdgePublishSettings, PublishSettings
from functions.glow.trades.setup import routed_publisher
from functions.glow.update import Update
from functions.glow.usd import Dollars
from ops.backfill.store import Publish, Store
from ops.deployed import DeployedStack, dynamodb_of, sqs_of
from ops.errors import OpsError

_EDGE_TIMEOUT_MS: Final = 5_000
_DAY_SECONDS: Final = 24 * 60 * 60


@dataclass(frozen=True)
class Target:
    """`addresses` are looked up; of what they traded, `tokens` are stored; empty: all."""

    addresses: Sequence[str]
    tokens: frozenset[str]


def target_of(settings: Settings, tokens: Sequence[str]) -> Target:
    """`tokens` are symbols or mints that the user named; none: all that the stack streams."""
    mints = [settings.tokens.get(name, name) for name in tokens] or [*settings.tokens.values()]
    unknown = [mint for mint in mints if settings.tokens and mint not in settings.tokens.values()]
    if unknown:
        raise OpsError(f"This stack does not stream {unknown[0]}: glow:tokens does not list it.")
    addresses = settings.helius.addresses or mints
    if not addresses:
        raise OpsError(
            "This stack streams every token, so nothing says which accounts to look up. Name a mint:"
            " --token <mint>"
        )
    return Target(sorted({*addresses}), frozenset(mints))


def store_of(
    deployed: DeployedStack, settings: Settings, target: Target, *, publishes: bool
) -> Store:
    queue_url = deployed.text("LaterQueueUrl")
    dynamodb = dynamodb_of(queue_url)
    prices = PriceTable(dynamodb, deployed.text("PriceTableName"))
    return Store(
        prices=prices,
        gate=Gatekeeper(prices, settings.max_price_jump),
        known_tokens=KnownTokens(dynamodb, deployed.text("RoutesTableName")),
        tokens=target.tokens,
        retention_seconds=settings.price_retention_days * _DAY_SECONDS,
        dollars=Dollars(
            RateRow(dynamodb, deployed.text("RoutesTableName")).read(),
            settings.sol_usd_max_age_seconds,
        ),
        publish=_publish(deployed, settings) if publishes else None,
    )


def _publish(deployed: DeployedStack, settings: Settings) -> Publish:
    """Publishes as the webhook does: on the paths of each token, as they are now."""
    queue_url = deployed.text("BroadcastQueueUrl")
    table = RouteTable(dynamodb_of(queue_url), deployed.text("RoutesTableName"))
    published = routed_publisher(
        table,
        RouteCache(table, settings.policy),
        sqs_of(queue_url),
        PublishSettings(
            broadcast_queue_url=queue_url,
            route_queue_url=deployed.text("RouteQueueUrl"),
            edge=_edge(deployed, settings),
            edge_timeout_ms=_EDGE_TIMEOUT_MS,
        ),
    )

    def publish(updates: Sequence[Update]) -> None:
        published.routes.refresh()
        published.publish(updates)

    return publish


def _edge(deployed: DeployedStack, settings: Settings) -> EdgePublishSettings | None:
    if "EdgeUrl" not in deployed.outputs or settings.edge_broadcast_secret is None:
        return None
    secrets = [settings.edge_broadcast_secret, settings.edge_broadcast_secret_previous]
    access = EdgeAccess(
        deployed.text("EdgeUrl"), tuple(each.get_secret_value() for each in secrets if each)
    )
    return EdgePublishSettings(access=access, retry_queue_url=deployed.text("EdgeRetryQueueUrl"))
