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
            storage.updates.allow_send,
            storage.undelivered.allow_send,
            storage.routes.allow_follow,
            storage.routes.allow_note_tokens,
            storage.routes.allow_change,
            storage.route_tasks.allow_send,
        ],
        lists=parts.listed_tokens(),
        environment={
            env.PRICES_TABLE: storage.prices.prices.name,
            env.PRICE_RETENTION_SECONDS: str(settings.stream.price_retention_seconds),
            env.BROADCAST_QUEUE_URL: storage.updates.queue.url,
            env.EDGE_RETRY_QUEUE_URL: storage.undelivered.queue.url,
            env.ROUTE_QUEUE_URL: storage.route_tasks.queue.url,
            env.CALL_TIMEOUT_MS: str(settings.stream.call_timeout_ms),
            env.HELIUS_WEBHOOK_SECRET: settings.webhook_secret.current,
            env.HELIUS_WEBHOOK_SECRET_PREVIOUS: settings.webhook_secret.previous,
            **parts.routes_environment(),
            **parts.edge.environment,
        },
    )
