"""CandleRoller: keeps candles up to the trades."""

from typing import Final

from components.aws.lambda_function import LambdaFunctionArgs
from components.pipeline.parts import PipelineParts
from functions import environment as env

# Two thousand minutes that share no hour are 12,000 calls, of 1.5 ms of CPU each. A batch that takes
# longer is halved.
_TIMEOUT_SECONDS: Final = 60


def declare(parts: PipelineParts) -> LambdaFunctionArgs:
    prices, candles = parts.storage.prices, parts.storage.candles
    return LambdaFunctionArgs(
        module="candle_roller",
        function_name="CandleRoller",
        platform=parts.platform,
        has_dependencies=False,
        timeout_seconds=_TIMEOUT_SECONDS,
        called_by=[candles.feed],
        grants=[
            prices.allow_hear_changes,
            prices.allow_read_prices,
            candles.allow_read_candles,
            candles.allow_write_candles,
            candles.allow_report_failures,
        ],
        environment={
            env.PRICES_TABLE: prices.prices.name,
            env.CANDLES_TABLE: candles.table.name,
            env.CANDLE_RETENTION_SECONDS: str(parts.settings.stream.candle_retention_seconds),
        },
    )
