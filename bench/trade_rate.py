"""Measures the trades per second of one webhook process, and per GB-second that Lambda bills.

A process takes one body after the other, so trades per second are what one process sustains; Lambda
starts as many as come at once. Trades per CPU second are the function's own work: neighbours on this
machine hardly change them. A call is billed by the started millisecond, its waits for DynamoDB and
SQS included: so once AWS answers at once, and once as late as within a region (ops/cost/intake.py).
"""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from math import ceil
from typing import Final

from bench.endpoint import running_endpoint
from bench.lambda_process import Call, warm_process, webhook_event
from bench.report import Report, percentile
from bench.trades import enhanced, raw
from ops.cost.usage import LAMBDA_MEMORY_GB, LAMBDA_MEMORY_MB

BODIES: Final = 1_000
WARM_UP: Final = 100
DYNAMODB_MS: Final = 5
SQS_MS: Final = 10

Body = Sequence[Mapping[str, object]]
FORMS: Final[Mapping[str, Callable[[int, int], Body]]] = {
    "ENHANCED, 1 trade": lambda number, now: [enhanced(number, timestamp=now)],
    "ENHANCED, 10 trades": lambda number, now: [
        enhanced(number * 10 + index, timestamp=now) for index in range(10)
    ],
    "RAW, 1 trade": lambda number, now: [raw(number, timestamp=now)],
}


def measure() -> list[Report]:
    return [
        _measure("AWS answers at once", dynamodb_ms=0, sqs_ms=0),
        _measure(
            f"DynamoDB answers after {DYNAMODB_MS} ms, SQS after {SQS_MS}",
            dynamodb_ms=DYNAMODB_MS,
            sqs_ms=SQS_MS,
        ),
    ]


def _measure(title: str, *, dynamodb_ms: int, sqs_ms: int) -> Report:
    rows: list[Sequence[str]] = []
    with running_endpoint(dynamodb_ms=dynamodb_ms, sqs_ms=sqs_ms) as endpoint:
        for name, body_of in FORMS.items():
            with warm_process("webhook", endpoint) as answer:
                calls: list[Call] = []
                for number in range(WARM_UP + BODIES):
                    body = body_of(number, int(time.time()))
                    calls.append(answer(webhook_event(json.dumps(body))))
            rows.append((name, *_figures(calls[WARM_UP:], trades=len(body_of(0, 0)))))
    header = (
        "body",
        "p50 ms",
        "p99 ms",
        "trades per CPU second",
        "trades/s of a process",
        "trades per GB-second",
    )
    return Report(f"Webhook, warm, {LAMBDA_MEMORY_MB:,} MB: {title}", header, rows)


def _figures(calls: Sequence[Call], *, trades: int) -> tuple[str, ...]:
    """Of calls with so many trades each."""
    elapsed_ms = [call.elapsed_ms for call in calls]
    count = len(calls) * trades
    billed_gb_seconds = sum(map(ceil, elapsed_ms)) / 1000 * float(LAMBDA_MEMORY_GB)
    return (
        f"{percentile(elapsed_ms, 50):.1f}",
        f"{percentile(elapsed_ms, 99):.1f}",
        f"{count / (sum(call.cpu_ms for call in calls) / 1000):,.0f}",
        f"{count / (sum(elapsed_ms) / 1000):,.0f}",
        f"{count / billed_gb_seconds:,.0f}",
    )
