"""QuoteCollector: asks Jupiter every minute for SOL/USD and for tokens that were not traded for a while."""

from functools import partial

from components.aws.lambda_function import LambdaFunctionArgs
from components.aws.schedule import call_every
from components.pipeline.parts import PipelineParts
from functions import environment as env
from functions.glow.quotes.runs import RUN_SECONDS


def declare(parts: PipelineParts) -> LambdaFunctionArgs:
    storage, settings = parts.storage, parts.settings
    quotes = settings.quotes
    return LambdaFunctionArgs(
        module="quotes",
        function_name="QuoteCollector",
        platform=parts.platform,
        after=parts.edge.deployed,
        timeout_seconds=RUN_SECONDS,
        called_by=[
            partial(
                call_every,
                schedule_name=f"{parts.platform.prefix}-QuoteSchedule",
                minutes=1,
                is_on=quotes.requests_per_minute > 0,
            )
        ],
        grants=[
            storage.prices.allow_append_prices,
            storage.prices.allow_read_prices,
            storage.routes.allow_follow,
            storage.routes.allow_collect_quotes,
            *parts.publish_rights(),
        ],
        lists=parts.listed_tokens(),
        environment={
            env.PRICES_TABLE: storage.prices.prices.name,
            env.PRICE_RETENTION_SECONDS: str(settings.stream.price_retention_seconds),
            env.MAX_PRICE_JUMP: str(settings.stream.max_price_jump),
            env.JUPITER_URL: quotes.url,
            env.JUPITER_API_KEY: quotes.api_key,
            env.JUPITER_REQUESTS_PER_MINUTE: str(quotes.requests_per_minute),
            env.QUIET_AFTER_SECONDS: str(quotes.quiet_after_seconds),
            env.SOL_USD_MAX_AGE_SECONDS: str(quotes.sol_usd_max_age_seconds),
            **parts.metrics_environment(),
            **parts.publish_environment(),
        },
    )
