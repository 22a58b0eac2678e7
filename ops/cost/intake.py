"""What both paths need: trades that come in and are stored, clients that ask where to connect. Pure.

Each figure is of one trade or of one connect. Those that are assumed are not measured on an account.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from math import ceil
from typing import Final

from functions.glow.holes.turns import ADDRESSES_A_RUN
from functions.glow.holes.watch import LISTED
from functions.glow.paths import Path
from ops.cost.load import MONTH_SECONDS, Load
from ops.cost.usage import Usage, calls, gigabytes

# functions/webhook.py: the gate's read, the write, then the path. Assumed: 5 ms for a call to
# DynamoDB (rate_guard.py), 10 for one to SQS, 35 for a post to the edge (edge/client.py: 10 to 60),
# and 2 ms of our own (docs/performance.md).
WEBHOOK_MS: Final[Mapping[Path, int]] = {"aws": 22, "edge": 47}
# prices/table.py `recent`: 20 rows in one consistent read, 6.8 KB of them.
GATE_READS: Final = 2
# prices/items.py: names and values of a row with all its attributes; 100 bytes of DynamoDB's own.
PRICE_ROW_BYTES: Final = 340
STORED_ROW_BYTES: Final = PRICE_ROW_BYTES + 100
# The default of glow:priceRetentionDays is the month that is billed, so a month's rows lie there.

# trades/intake.py logs a line for a trade, with Lambda's JSON around it. So does a broadcast, and a
# subscribe.
LOG_LINE_BYTES: Final = 400
# The line of an invocation's metrics (metrics.py), of the webhook and of a broadcast; a test measures it.
METRICS_LINE_BYTES: Final = 780

DISCOVERY_MS: Final = 5  # assumed: the routing item is cached for 5 s (routing/cache.py)

# components/aws/alarm_table.py and monitoring.py; a test counts them.
ALARMS: Final = 36
COMPOSITE_ALARMS: Final = 3
DASHBOARDS: Final = 1
# Those that metrics.py names, and the two paths; a test counts them. Statuses of refusals, reasons of
# skips, throttled requests and the use of old secrets come on top, each for the hours in which it occurs.
METRICS: Final = 23
# components/settings/alarms.py: a run in five minutes. Each looks at ten tokens at most, where there is
# nothing to doubt with one request to the node: 0.2 s apart (holes/node.py); 0.1 s for it is assumed.
HOLE_CHECKS: Final = Decimal(MONTH_SECONDS) / 300
HOLE_CHECK_MS: Final = 300
# Of a token: its first and its newest rows, then as many as are listed (holes/watch.py `LISTED`).
HOLE_CHECK_READS: Final = 2 * GATE_READS + ceil(LISTED * PRICE_ROW_BYTES / 4096)
# Lambda waits at each queue with five long polls of 20 s (AWS, "Configuring scaling behavior for SQS
# event source mappings"; it polls with fewer only where no maximum concurrency is set).
POLLS_PER_QUEUE: Final = Decimal(5 * MONTH_SECONDS) / 20
FIFO_QUEUES: Final = 3
STANDARD_QUEUES: Final = 2
# Pairs of a function and a queue that it sends to, and that it is fed from; a test counts them.
SENDERS: Final = 20
RECEIVERS: Final = 5
# SQS asks KMS anew after this time, twice for a sender (SQS developer guide, "Estimating AWS KMS costs").
DATA_KEY_SECONDS: Final = 300
DATA_KEYS: Final = Decimal(MONTH_SECONDS) / DATA_KEY_SECONDS * (2 * SENDERS + RECEIVERS)


def intake(load: Load, path: Path, *, connects: Decimal) -> Iterator[Usage]:
    """What comes before a path, and what stands there whatever happens."""
    yield from _trades(load.trades, path)
    yield from _hole_checks(load)
    yield Usage("http_requests", "GET /connect", connects)
    yield from calls("GET /connect", connects, ms=DISCOVERY_MS)
    yield Usage("alarms", "of the stack", Decimal(ALARMS))
    yield Usage("composite_alarms", "of the paths", Decimal(COMPOSITE_ALARMS))
    yield Usage("dashboards", "of the stack", Decimal(DASHBOARDS))
    yield Usage("custom_metrics", "of the functions", Decimal(METRICS))
    yield Usage("sqs_fifo_requests", "polls while idle", FIFO_QUEUES * POLLS_PER_QUEUE)
    yield Usage("sqs_standard_requests", "polls while idle", STANDARD_QUEUES * POLLS_PER_QUEUE)
    if load.has_key:
        yield Usage("kms_keys", "of the stack", Decimal(1))
        yield Usage("kms_requests", "data keys of queues", DATA_KEYS)


def _trades(trades: Decimal, path: Path) -> Iterator[Usage]:
    yield Usage("helius_credits", "trades", trades)
    yield Usage("http_requests", "trades", trades)
    yield from calls("webhook", trades, ms=WEBHOOK_MS[path])
    yield Usage("dynamodb_reads", f"reads of the gate, {GATE_READS} a trade", trades * GATE_READS)
    yield Usage("dynamodb_writes", "trades", trades)
    yield Usage("dynamodb_gb", "rows of a month's trades", gigabytes(trades, STORED_ROW_BYTES))
    yield Usage(
        "dynamodb_backup_gb", "rows of a month's trades", gigabytes(trades, STORED_ROW_BYTES)
    )
    yield Usage("logs_gb", "lines of trades", gigabytes(trades, LOG_LINE_BYTES))
    yield Usage("logs_gb", "metrics of the webhook", gigabytes(trades, METRICS_LINE_BYTES))


def _hole_checks(load: Load) -> Iterator[Usage]:
    tokens = min(load.tokens, ADDRESSES_A_RUN)
    yield from calls("looking for holes", HOLE_CHECKS, ms=tokens * HOLE_CHECK_MS)
    reads = HOLE_CHECKS * tokens * HOLE_CHECK_READS
    yield Usage("dynamodb_reads", "looking for holes, rows of the newest trades", reads)
