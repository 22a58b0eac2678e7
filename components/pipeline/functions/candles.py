"""CandleApi: answers with candles, and with the list of tokens."""

from functools import partial

from components.aws.lambda_function import LambdaFunctionArgs
from components.pipeline.parts import PipelineParts
from functions import environment as env


def declare(parts: PipelineParts) -> LambdaFunctionArgs:
    storage = parts.storage
    return LambdaFunctionArgs(
        module="candles",
        function_name="CandleApi",
        platform=parts.platform,
        has_dependencies=parts.listeners_are_verified,
        called_by=[
            partial(
                parts.rest.serve,
                keys=["GET /tokens", "GET /tokens/{token}/candles"],
                throttle=parts.settings.throttles.rest,
            )
        ],
        grants=[
            storage.prices.allow_read_prices,
            storage.candles.allow_read_candles,
            storage.routes.allow_list_tokens,
        ],
        lists={**parts.listed_origins(), **parts.listed_tokens()},
        environment={
            env.PRICES_TABLE: storage.prices.prices.name,
            env.CANDLES_TABLE: storage.candles.table.name,
            env.ROUTES_TABLE: storage.routes.table.name,
            **parts.listener_environment(),
        },
    )
