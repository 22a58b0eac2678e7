"""HeliusPriceWebhook: stores trades, and publishes them on the path of their token."""

from functools import partial

from components.aws.lambda_function import LambdaFunctionArgs
from components.pipeline.parts import PipelineParts
from functions import environment as env


def declare(parts: PipelineParts) -> LambdaFunctionArgs:
    storage, settings = parts.storage, parts.settings
    return LambdaFunctionArgs(
        module="webhook",
        function_name="HeliusPriceWebhook",
        platform=parts.platform,
        after=parts.edge.deployed,
        called_by=[
            partial(
                parts.rest.serve,
                keys=["POST /webhook/price"],
                throttle=settings.throttles.webhook,
            )
        ],
        grants=[
            storage.prices.allow_append_prices,
            storage.prices.allow_read_prices,
            storage.prices.allow_release_suspects,
            storage.later.allow_send,
            storage.routes.allow_note_tokens,
            storage.routes.allow_follow_with_rate,
            *parts.publish_rights(),
        ],
        lists=parts.listed_tokens(),
        environment={
            env.PRICES_TABLE: storage.prices.prices.name,
            env.PRICE_RETENTION_SECONDS: str(settings.stream.price_retention_seconds),
            env.SOL_USD_MAX_AGE_SECONDS: str(settings.quotes.sol_usd_max_age_seconds),
            env.MAX_PRICE_JUMP: str(settings.stream.max_price_jump),
            env.LATER_QUEUE_URL: storage.later.queue.url,
            env.CALL_TIMEOUT_MS: str(settings.stream.call_timeout_ms),
            env.HELIUS_WEBHOOK_SECRET: settings.webhook_secret.current,
            env.HELIUS_WEBHOOK_SECRET_PREVIOUS: settings.webhook_secret.previous,
            **parts.metrics_environment(),
            **parts.publish_environment(),
        },
    )
