"""PriceApi: answers with stored prices."""

from functools import partial

from components.aws.lambda_function import LambdaFunctionArgs
from components.pipeline.parts import PipelineParts
from functions import environment as env


def declare(parts: PipelineParts) -> LambdaFunctionArgs:
    prices, settings = parts.storage.prices, parts.settings
    return LambdaFunctionArgs(
        module="prices",
        function_name="PriceApi",
        platform=parts.platform,
        has_dependencies=parts.listeners_are_verified,
        called_by=[
            partial(
                parts.rest.serve,
                keys=[
                    "GET /health/live",
                    "HEAD /health/live",
                    "GET /tokens/{token}/price",
                    "GET /tokens/{token}/prices",
                    "OPTIONS /{proxy+}",  # every preflight, whichever function the path is for
                ],
                throttle=settings.throttles.rest,
            )
        ],
        grants=[prices.allow_read_prices],
        lists={**parts.listed_origins(), **parts.listed_tokens()},
        environment={
            env.PRICES_TABLE: prices.prices.name,
            env.PRICE_RETENTION_SECONDS: str(settings.stream.price_retention_seconds),
            **parts.listener_environment(),
            # The rooms read what they have missed, and show the secret that they know.
            **(parts.edge.secrets if parts.listeners_are_verified else {}),
        },
    )
