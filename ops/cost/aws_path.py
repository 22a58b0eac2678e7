"""What the AWS path costs beyond the intake: a queue, a fan-out, and API Gateway's sockets. Pure.

Each update is counted as a message of its own. Updates of a token that wait for the worker leave
together (sockets/frames.py), so where the fan-out is late the bill is smaller.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from functions.glow.routing.discovery import AWS_MAX_AGE_MS, AWS_PING_MS
from functions.glow.sockets.budget import LEASE_POSTS
from ops.cost.intake import GATE_READS, LOG_LINE_BYTES, METRICS_LINE_BYTES
from ops.cost.load import Load
from ops.cost.usage import Usage, calls, gigabytes

# Send, receive, delete. Trades that share a batch share the last two, so this is the most.
SQS_REQUESTS_PER_TRADE: Final = 3
# functions/broadcast.py: the first page of subscriptions and the lease, at once; assumed.
BROADCAST_MS: Final = 20
# docs/performance.md: 5,395 posts a second of one process, reads of the table included.
POST_MS: Final = Decimal("0.185")
# sockets/subscriptions.py: pk, sk, expiresAt of a mint's subscriber.
SUBSCRIPTION_ROW_BYTES: Final = 85
# glow/update.py: an update of a mint, with side and amounts; a test measures it.
UPDATE_BYTES: Final = 380

# The command, then SUBSCRIBED and the newest price, which are posted (sockets/opening.py).
SUBSCRIBE_MESSAGES: Final = 3
# $connect, subscribe, $disconnect (functions/connections.py); assumed 60 ms in all.
CONNECTION_CALLS: Final = 3
CONNECTION_CALL_MS: Final = 20
# sockets/subscriptions.py: connect, claim, the connection's delete; a lease of posts.
CONNECTION_WRITES: Final = 4
# sockets/subscriptions.py: a subscription's row and its delete.
SUBSCRIPTION_WRITES: Final = 2
# The newest price is among 20 rows (prices/table.py `newest`), as for the gate.
OPENING_READS: Final = GATE_READS

PINGS_PER_MINUTE: Final = Decimal(60_000) / AWS_PING_MS
PING_MESSAGES: Final = 2  # the ping and its pong
PING_MS: Final = 2  # functions/connections.py asks no other service


def aws_connects(load: Load) -> Decimal:
    """The users' own connects, and those of the library before API Gateway's two hours are over."""
    return load.connects + load.socket_minutes * 60_000 / AWS_MAX_AGE_MS


def aws_path(load: Load) -> Iterator[Usage]:
    """What the path itself uses."""
    yield from broadcasts(load)
    yield from _connections(aws_connects(load), _tokens_per_socket(load))
    yield from _open_sockets(load.socket_minutes)


def _tokens_per_socket(load: Load) -> Decimal:
    return load.follows / load.sockets if load.sockets else Decimal(load.tokens_per_user)


def broadcasts(load: Load) -> Iterator[Usage]:
    """What BroadcastWorker and its queue use."""
    trades, deliveries = load.trades, load.deliveries
    yield Usage("sqs_fifo_requests", "send, receive, delete", trades * SQS_REQUESTS_PER_TRADE)
    yield from calls("broadcast", trades, ms=BROADCAST_MS)
    yield from _seconds("posts", deliveries, ms=POST_MS)
    # A read begins for each trade; its rows count by their bytes.
    rows_read = trades + deliveries * SUBSCRIPTION_ROW_BYTES / 4096
    yield Usage(
        "dynamodb_reads", f"reads of subscriptions, {SUBSCRIPTION_ROW_BYTES} B each", rows_read
    )
    leases = trades + deliveries / LEASE_POSTS
    yield Usage("dynamodb_writes", f"leases of {LEASE_POSTS} posts", leases)
    yield Usage("websocket_messages", "updates", deliveries)
    yield Usage("egress_gb", f"updates of {UPDATE_BYTES} B", gigabytes(deliveries, UPDATE_BYTES))
    yield Usage("logs_gb", "lines of broadcasts", gigabytes(trades, LOG_LINE_BYTES))
    yield Usage("logs_gb", "metrics of broadcasts", gigabytes(trades, METRICS_LINE_BYTES))


def _connections(connects: Decimal, tokens: Decimal) -> Iterator[Usage]:
    """Of sockets with so many tokens each. The newest prices of several leave in one message."""
    yield Usage("websocket_messages", "openings", connects * SUBSCRIBE_MESSAGES)
    yield from calls("connections", connects * CONNECTION_CALLS, ms=CONNECTION_CALL_MS)
    writes = CONNECTION_WRITES + tokens * SUBSCRIPTION_WRITES
    yield Usage("dynamodb_writes", "rows of connections", connects * writes)
    yield Usage("dynamodb_reads", "openings", connects * tokens * OPENING_READS)
    yield Usage("logs_gb", "lines of subscribes", gigabytes(connects, LOG_LINE_BYTES))


def _open_sockets(minutes: Decimal) -> Iterator[Usage]:
    yield Usage("websocket_minutes", "open sockets", minutes)
    pings = minutes * PINGS_PER_MINUTE
    yield Usage("websocket_messages", "pings and pongs", pings * PING_MESSAGES)
    yield from calls("pings", pings, ms=PING_MS)


def _seconds(reason: str, count: Decimal, *, ms: Decimal) -> Iterator[Usage]:
    """Time within calls that are counted elsewhere."""
    return (usage for usage in calls(reason, count, ms=ms) if usage.price == "lambda_gb_seconds")
