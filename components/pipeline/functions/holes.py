"""HoleWatch: asks the chain whether trades are missing. There is none where no RPC node is set."""

from functools import partial

from components.aws.lambda_function import LambdaFunctionArgs
from components.aws.schedule import call_every
from components.pipeline.parts import PipelineParts
from functions import environment as env
from functions.glow.holes.watch import RUN_SECONDS


def declare(parts: PipelineParts) -> LambdaFunctionArgs:
    storage, holes = parts.storage, parts.settings.holes
    return LambdaFunctionArgs(
        module="holes",
        function_name="HoleWatch",
        platform=parts.platform,
        timeout_seconds=RUN_SECONDS,
        called_by=[
            partial(
                call_every,
                schedule_name=f"{parts.platform.prefix}-HoleSchedule",
                minutes=holes.schedule_minutes,
                is_on=holes.is_on,
            )
        ],
        grants=[storage.prices.allow_read_prices],
        lists={**parts.listed_tokens(), env.ADDRESSES: holes.addresses},
        environment={
            env.PRICES_TABLE: storage.prices.prices.name,
            env.PRICE_RETENTION_SECONDS: str(parts.settings.stream.price_retention_seconds),
            env.HOLE_CHECK_SECONDS: str(holes.every_seconds),
            env.RPC_URL: parts.settings.completion.rpc_url,
            **parts.metrics_environment(),
        },
    )
