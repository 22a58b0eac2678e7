"""The quotas that a load uses up, and the first that breaks. Pure.

Limits are those of a new stack in an account with AWS's and Cloudflare's default quotas. Usage is the
mean of the month: a load that comes in bursts breaks them sooner.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from functions.glow.paths import Path
from ops.cost.aws_path import (
    CONNECTION_CALLS,
    PINGS_PER_MINUTE,
    SUBSCRIBE_MESSAGES,
    SUBSCRIPTION_ROW_BYTES,
    aws_connects,
    broadcasts,
)
from ops.cost.bill import usages_of
from ops.cost.edge_path import hubs
from ops.cost.load import MONTH_SECONDS, Load
from ops.cost.search import MAX_USERS, last_number
from ops.cost.usage import functions_at_once

# AWS, "Amazon API Gateway quotas": all requests of an account and region, posts to connections too.
API_REQUESTS_PER_SECOND: Final = 10_000
# What the stack's own limits leave of it for posts (components/settings/quota.py); a test compares.
POSTS_PER_SECOND: Final = 4_000
WEBHOOKS_PER_SECOND: Final = 1_000
READS_PER_SECOND: Final = 500
CLIENT_MESSAGES_PER_SECOND: Final = 500
BROADCAST_WORKERS: Final = 10
# AWS, "Quotas for configuring and running a WebSocket API".
CONNECTS_PER_SECOND: Final = 500
# AWS, "Lambda quotas"; a new account has 10 until AWS raises it.
CONCURRENT_FUNCTIONS: Final = 1_000
# AWS, DynamoDB partitions, on demand too: all rows of a token, or of its subscribers, are in one.
PARTITION_WRITES_PER_SECOND: Final = 1_000
PARTITION_READS_PER_SECOND: Final = 3_000

# Cloudflare's Durable Objects: a soft limit of requests, and 128 MB at 85 KiB a socket
# (docs/performance.md).
ROOM_REQUESTS_PER_SECOND: Final = 1_000
ROOM_SOCKETS: Final = 128_000_000 // (85 * 1024)
# The default of glow:edge.maxConnectionsPerRoom; above what the memory holds by the figure above.
ROOM_SEATS: Final = 2_000
# worker/limits.js.
ROOM_HUBS: Final = 1_000
# The default of glow:edge.maxTokensPerHub.
HUB_TOKENS: Final = 500


@dataclass(frozen=True, slots=True)
class Quota:
    """`used` of `limit`. `remedy` says how to raise it."""

    name: str
    used: Decimal
    limit: int
    remedy: str

    @property
    def share(self) -> Decimal:
        return self.used / self.limit

    @property
    def is_broken(self) -> bool:
        return self.used > self.limit


def quotas_of(load: Load, path: Path) -> list[Quota]:
    """The quotas of `path`, the one that breaks first at the top."""
    quotas = [*_of_both(load, path), *(_of_aws(load) if path == "aws" else _of_edge(load))]
    return sorted(quotas, key=lambda quota: quota.share, reverse=True)


@dataclass(frozen=True, slots=True)
class Reach:
    """Up to `users` the path holds; with more of them, `first` is broken. 0: it is, with anybody."""

    users: int
    first: Quota


def reach_of(load: Load, path: Path) -> Reach | None:
    """How far the users of `load` may grow on `path`, the rest unchanged; None: without a bound."""

    def holds(users: int) -> bool:
        return not quotas_of(replace(load, users=users), path)[0].is_broken

    if holds(MAX_USERS):
        return None
    users = last_number(holds, MAX_USERS)
    return Reach(users, quotas_of(replace(load, users=users + 1), path)[0])


def _of_both(load: Load, path: Path) -> Sequence[Quota]:
    return [
        Quota(
            "webhook requests/s",
            _per_second(load.trades),
            WEBHOOKS_PER_SECOND,
            "set webhookRateLimit",
        ),
        Quota(
            "GET /connect/s",
            _per_second(aws_connects(load) if path == "aws" else load.connects),
            READS_PER_SECOND,
            "set restRateLimit",
        ),
        Quota(
            "functions at once",
            functions_at_once(usages_of(load, path)),
            CONCURRENT_FUNCTIONS,
            "ask AWS for more concurrent executions of Lambda",
        ),
        Quota(
            "writes/s of a token's rows",
            load.updates_per_second,
            PARTITION_WRITES_PER_SECOND,
            "no way; they are in one partition of DynamoDB",
        ),
    ]


def _of_aws(load: Load) -> Sequence[Quota]:
    connects = aws_connects(load)
    posts = load.deliveries + connects * (SUBSCRIBE_MESSAGES - 1)
    messages = connects + load.socket_minutes * PINGS_PER_MINUTE
    sockets = connects * (CONNECTION_CALLS - 1)  # $connect and $disconnect
    requests = posts + messages + sockets + load.trades + connects
    fan_out_reads = load.updates_per_second * load.follows_per_token * SUBSCRIPTION_ROW_BYTES / 4096
    return [
        Quota(
            "posts/s to clients",
            _per_second(posts),
            POSTS_PER_SECOND,
            "ask AWS for a higher throttle rate of API Gateway, then set accountRequestsPerSecond",
        ),
        Quota(
            "API Gateway requests/s",
            _per_second(requests),
            API_REQUESTS_PER_SECOND,
            "ask AWS for a higher throttle rate of API Gateway",
        ),
        Quota(
            "messages/s of clients",
            _per_second(messages),
            CLIENT_MESSAGES_PER_SECOND,
            "set websocketRateLimit",
        ),
        Quota(
            "new connections/s",
            _per_second(connects),
            CONNECTS_PER_SECOND,
            "ask AWS for more new connections of WebSocket APIs",
        ),
        Quota(
            "broadcast workers at once",
            functions_at_once(broadcasts(load)),
            BROADCAST_WORKERS,
            "set broadcastConcurrency",
        ),
        Quota(
            "reads/s of a token's subscribers",
            fan_out_reads,
            PARTITION_READS_PER_SECOND,
            "no way; they are in one partition of DynamoDB",
        ),
    ]


def _of_edge(load: Load) -> Sequence[Quota]:
    """With feeds a room holds hubs, and each of them 1,000 clients."""
    sockets = hubs(load) if load.has_feeds else load.follows_per_token
    openings = Decimal(0) if load.has_feeds else _per_second(load.connects) / load.tokens
    return [
        Quota("sockets of a room", sockets, ROOM_SOCKETS, "no way; a room has 128 MB"),
        Quota(
            "hubs of a room" if load.has_feeds else "seats of a room",
            sockets,
            ROOM_HUBS if load.has_feeds else ROOM_SEATS,
            "no way; a room takes no more" if load.has_feeds else "set edge.maxConnectionsPerRoom",
        ),
        Quota(
            "requests/s of a room",
            load.updates_per_second + openings,
            ROOM_REQUESTS_PER_SECOND,
            "no way; a room has one thread",
        ),
        *(_of_hubs(load) if load.has_feeds else []),
    ]


def _of_hubs(load: Load) -> Sequence[Quota]:
    return [
        Quota(
            "tokens of a hub",
            Decimal(load.tokens),
            HUB_TOKENS,
            "set edge.maxTokensPerHub",
        ),
        Quota(
            "updates/s into a hub",
            load.tokens * load.updates_per_second,
            ROOM_REQUESTS_PER_SECOND,
            "no way; a hub has one thread",
        ),
    ]


def _per_second(in_a_month: Decimal) -> Decimal:
    return in_a_month / MONTH_SECONDS
