"""QuoteCollector: asks Jupiter for SOL/USD and for tokens that were not traded for a while, every minute."""

import asyncio
import os
import random
import time
from collections.abc import Sequence
from typing import Final

from functions.environment import Environment
from functions.glow.metrics import metered
from functions.glow.prices.table import PriceTable
from functions.glow.quotes.collector import Collector
from functions.glow.quotes.jupiter import Harvest, Jupiter
from functions.glow.quotes.quote import is_quotable
from functions.glow.quotes.runs import RUN_SECONDS, RUNS_A_MINUTE, Runs
from functions.glow.routing.cache import RouteCache
from functions.glow.routing.rate import RateRow
from functions.glow.routing.table import RouteTable
from functions.glow.runtime import aws
from functions.glow.runtime.deadline import deadline
from functions.glow.runtime.loop import event_loop
from functions.glow.trades.gatekeeper import Gatekeeper
from functions.glow.trades.setup import routed_publisher

# Nobody waits for this post, and a slow answer is better than one more try.
EDGE_TIMEOUT_MS: Final = 5_000
# What is kept of the run's time. A run that Lambda ends says nothing of what it did.
RESERVE_SECONDS: Final = 2

_ENVIRONMENT: Final = Environment(os.environ)
_DYNAMODB: Final = aws.dynamodb(_ENVIRONMENT.aws_region)
_SQS: Final = aws.sqs(_ENVIRONMENT.aws_region)
_PRICES: Final = PriceTable(_DYNAMODB, _ENVIRONMENT.prices_table)
_ROUTE_TABLE: Final = RouteTable(_DYNAMODB, _ENVIRONMENT.routes_table)
_JUPITER: Final = Jupiter(
    _ENVIRONMENT.jupiter_url,
    _ENVIRONMENT.jupiter_api_key,
    max_requests=_ENVIRONMENT.jupiter_requests_per_minute // RUNS_A_MINUTE,
    clock=time.time,
    sleep=asyncio.sleep,
    chance=random.random,
)


def _ask(mints: Sequence[str]) -> Harvest:
    return event_loop().run_until_complete(_JUPITER.ask(mints))


_COLLECTOR: Final = Collector(
    runs=Runs(_DYNAMODB, _ENVIRONMENT.routes_table),
    rate_row=RateRow(_DYNAMODB, _ENVIRONMENT.routes_table),
    prices=_PRICES,
    gate=Gatekeeper(_PRICES, _ENVIRONMENT.max_price_jump),
    published=routed_publisher(
        _ROUTE_TABLE,
        RouteCache(_ROUTE_TABLE, _ENVIRONMENT.policy),
        _SQS,
        _ENVIRONMENT.publish_settings(edge_timeout_ms=EDGE_TIMEOUT_MS),
    ),
    ask=_ask,
    tokens=sorted(filter(is_quotable, _ENVIRONMENT.tokens)),
    quiet_after_seconds=_ENVIRONMENT.quiet_after_seconds,
    max_age_seconds=_ENVIRONMENT.sol_usd_max_age_seconds,
    retention_seconds=_ENVIRONMENT.price_retention_seconds,
    clock=time.time,
)


@metered("quotes_ended", stack=_ENVIRONMENT.stack)
def handler(_event: object, _context: object) -> None:
    """What Jupiter does not answer is no error of this function; what a table does not, is."""
    with deadline(RUN_SECONDS - RESERVE_SECONDS):
        _COLLECTOR.run()
