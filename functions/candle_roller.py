"""CandleRoller: keeps candles up to the trades, a batch of the price table's stream."""

import os
import time
from typing import Final

from functions.environment import Environment
from functions.glow.candles.raw import RawTrades
from functions.glow.candles.roll import RollUp
from functions.glow.candles.stream import StreamAnswer, StreamEvent, answer_of, changed_minutes
from functions.glow.candles.table import CandleTable
from functions.glow.runtime import aws

_ENVIRONMENT: Final = Environment(os.environ)
_DYNAMODB: Final = aws.dynamodb(_ENVIRONMENT.aws_region)
_ROLL_UP: Final = RollUp(
    RawTrades(_DYNAMODB, _ENVIRONMENT.prices_table),
    CandleTable(_DYNAMODB, _ENVIRONMENT.candles_table),
    retention_seconds=_ENVIRONMENT.candle_retention_seconds,
)


def handler(event: StreamEvent, _context: object) -> StreamAnswer:
    changed = changed_minutes(event["Records"])
    return answer_of(changed, _ROLL_UP.run(changed, now=time.time()))
