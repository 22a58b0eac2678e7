"""What the edge path costs beyond the intake: a Worker, and a room for each token. Pure.

What a room sends costs nothing, nor do its data and the pings in the library's spelling, which the
runtime answers (worker/room.js). So nothing here grows with the deliveries.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from ops.cost.load import MONTH_SECONDS, Load
from ops.cost.usage import Usage, gigabytes

# A post to /broadcast/:token and an upgrade of /ws/:token are a request of the Worker, which makes
# one of the room (worker/index.js).
WORKER_CPU_MS: Final = 1  # assumed: the bearer, and JSON of one update
# edge/client.py: an update of 300 bytes, its headers, and what TLS adds.
POST_BYTES: Final = 700

ROOM_GB: Final = Decimal("0.128")  # Cloudflare bills 128 MB, whatever an object uses
# An object is billed while it is active, and at most until it hibernates 10 s later. Cloudflare's
# pricing page says that time in which it could hibernate is free at once: then this is the most.
ROOM_TAIL_SECONDS: Final = 10

# worker/limits.js: the alarm that saves comes this long after the first update that is not saved.
SAVE_DELAY_SECONDS: Final = 5
# worker/store.js: the mark, the alarm, a chunk, the oldest chunk's delete, the room's own row.
ROWS_WRITTEN_PER_SAVE: Final = 5
# The delete looks at the chunks of the 15 minutes in which ids are remembered, at most.
ROWS_READ_PER_SAVE: Final = 15 * 60 // SAVE_DELAY_SECONDS


def edge_path(load: Load) -> Iterator[Usage]:
    """What the path itself uses."""
    yield Usage("workers_plan", "of the account", Decimal(1))
    yield from _passed_on("trades", load.trades)
    yield from _passed_on("connects", load.connects)
    yield Usage(
        "egress_gb", f"posts of {POST_BYTES} B to the edge", gigabytes(load.trades, POST_BYTES)
    )
    yield from _rooms(load)


def _passed_on(reason: str, requests: Decimal) -> Iterator[Usage]:
    """What the Worker hands to a room."""
    yield Usage("workers_requests", reason, requests)
    yield Usage("workers_cpu_ms", f"{reason}, {WORKER_CPU_MS} ms each", requests * WORKER_CPU_MS)
    yield Usage("room_requests", reason, requests)
    # components/edge/broadcast.py turns logs on; a call of either leaves one.
    yield Usage("workers_log_events", f"{reason}, Worker and room", requests * 2)


def _rooms(load: Load) -> Iterator[Usage]:
    active_share = min(Decimal(1), load.updates_per_second * ROOM_TAIL_SECONDS)
    active_seconds = load.tokens * active_share * MONTH_SECONDS
    yield Usage("room_gb_seconds", "rooms that are awake", active_seconds * ROOM_GB)
    saves = room_saves(load)
    yield Usage("room_requests", "alarms", saves)
    yield Usage("workers_log_events", "alarms", saves)
    yield Usage(
        "room_rows_written",
        f"saves, {ROWS_WRITTEN_PER_SAVE} rows each",
        saves * ROWS_WRITTEN_PER_SAVE,
    )
    yield Usage(
        "room_rows_read", f"saves, {ROWS_READ_PER_SAVE} rows each", saves * ROWS_READ_PER_SAVE
    )


def room_saves(load: Load) -> Decimal:
    """How often rooms save: each SAVE_DELAY_SECONDS after an update that comes when all is saved."""
    if not load.updates_per_second:
        return Decimal(0)
    period_seconds = SAVE_DELAY_SECONDS + 1 / load.updates_per_second
    return load.tokens * MONTH_SECONDS / period_seconds
