"""Does anything lie in a dead-letter queue?"""

from __future__ import annotations

from collections.abc import Iterator

from ops.candle_failures import OUTPUT
from ops.redrive import LANES, size
from ops.verify.finding import Finding, failed, well
from ops.verify.target import Target


def check_dead_letters(target: Target) -> Iterator[Finding]:
    """All dead-letter queues, and what the candles could not be made of."""
    client = target.sqs
    for lane in LANES:
        yield _judge(
            f"dead letters of {lane.name}",
            size(client, target.deployed.text(lane.dead_letters_output)),
            cause="what they were for failed in all its tries; the lane's function logs why",
            remedy=f"python -m ops redrive --stack {target.name}, once the cause is mended",
        )
    yield _judge(
        "failures of candles",
        size(client, target.deployed.text(OUTPUT)),
        cause="minutes could not be rolled up; the log of candle-roller says why",
        remedy=f"python -m ops candles rebuild --from 2h --stack {target.name}",
    )


def _judge(name: str, messages: int, *, cause: str, remedy: str) -> Finding:
    if messages == 0:
        return well(name, "empty")
    return failed(name, f"{messages} lie there", cause=cause, remedy=remedy)
