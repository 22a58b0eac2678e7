"""HeliusPriceWebhook: stores trades, and publishes them on the path of their token."""

from functools import partial

from components.aws.lambda_function import LambdaFunctionArgs
from components.pipeline.parts import PipelineParts
from functions import environment as env
from functions.glow.metrics import ROUTE_THROTTLED


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
                throttled=ROUTE_THROTTLED,
            )
        ],
        grants=[
            storage.completions.allow_send,
            *parts.store_rights(),
            *parts.publish_rights(),
        ],
        lists=parts.listed_tokens(),
        environment={
            env.COMPLETION_QUEUE_URL: storage.completions.queue.url,
            env.COMPLETIONS_PER_BODY: str(settings.completion.per_body),
            env.CALL_TIMEOUT_MS: str(settings.stream.call_timeout_ms),
            env.HELIUS_WEBHOOK_SECRET: settings.webhook_secret.current,
            env.HELIUS_WEBHOOK_SECRET_PREVIOUS: settings.webhook_secret.previous,
            **parts.metrics_environment(),
            **parts.store_environment(),
            **parts.publish_environment(),
        },
    )
