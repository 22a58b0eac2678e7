"""HoleWatch: compares the newest transactions of the chain with what is stored, every few minutes."""

import os
import random
import time
from typing import Final

from functions.environment import Environment
from functions.glow.chain.rpc import RpcClient
from functions.glow.holes.node import PacedNode
from functions.glow.holes.watch import HoleWatch
from functions.glow.metrics import metered
from functions.glow.prices.table import PriceTable
from functions.glow.runtime import aws
from functions.glow.runtime.loop import event_loop

_ENVIRONMENT: Final = Environment(os.environ)
_WATCH: Final = HoleWatch(
    node=PacedNode(
        RpcClient(_ENVIRONMENT.rpc_url),
        finish=event_loop().run_until_complete,
        sleep=time.sleep,
    ),
    prices=PriceTable(aws.dynamodb(_ENVIRONMENT.aws_region), _ENVIRONMENT.prices_table),
    addresses=_ENVIRONMENT.addresses,
    tokens=_ENVIRONMENT.tokens,
    every_seconds=_ENVIRONMENT.hole_check_seconds,
    retention_seconds=_ENVIRONMENT.price_retention_seconds,
    clock=time.time,
    sample=random.sample,
)


@metered("holes_ended", stack=_ENVIRONMENT.stack)
def handler(_event: object, _context: object) -> None:
    """A hole is no error of this function. That nobody can look, is."""
    _WATCH.run()
