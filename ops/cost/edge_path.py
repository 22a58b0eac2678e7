"""What the edge path costs beyond the intake: a Worker, and a room for each token. Pure.

What a room sends costs nothing, nor do its data and the pings of the libraries, which the runtime
answers (worker/room.js). So nothing here grows with the deliveries. Nor does the worker log a line
while nothing goes wrong: invocation logs are off (components/edge/broadcast.py).

Clients of several tokens sit in hubs. A hub never hibernates, and what comes to it over WebSockets is
billed, twenty messages as one request: updates of its rooms, and the pings of its clients.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from functions.glow.routing.discovery import EDGE_PING_MS
from ops.cost.load import MONTH_SECONDS, Load
from ops.cost.usage import Usage, gigabytes

# A post to /broadcast/:token and an upgrade of /ws/:token are a request of the Worker, which makes
# one of the room (worker/index.js).
WORKER_CPU_MS: Final = 1  # assumed: the bearer, and JSON of one update
# edge/client.py: an update of 380 bytes, its headers, and what TLS adds.
POST_BYTES: Final = 780

ROOM_GB: Final = Decimal("0.128")  # Cloudflare bills 128 MB, whatever an object uses
# An object is billed while it is active, and at most until it hibernates 10 s later. Cloudflare's
# pricing page says that time in which it could hibernate is free at once: then this is the most.
ROOM_TAIL_SECONDS: Final = 10

# The default of glow:edge.maxClientsPerHub.
HUB_CLIENTS: Final = 1_000
# Cloudflare, Durable Objects pricing: incoming WebSocket messages, 20 as one request.
MESSAGES_PER_REQUEST: Final = 20
# Of clients; hubs ping their rooms as often (worker/limits.js).
PING_SECONDS: Final = Decimal(EDGE_PING_MS) / 1000

# worker/limits.js: an update that comes so long after the last save is saved at once, others so long
# after they were marked as unsaved, unless the room falls idle before (worker/history.js).
SAVE_IDLE_SECONDS: Final = 5
SAVE_BUSY_SECONDS: Final = 60
# worker/store.js: so many updates that are saved alone share a chunk. So the row that each writes is
# joined by a deletion of an old chunk once in so many.
JOINED_UPDATES: Final = 32
# worker/history.js: the mark, a chunk, the end of the mark; an old chunk's deletion (worker/store.js).
ROWS_WRITTEN_PER_SAVE: Final = 4
# Counted on workerd: 5 to 22. The deletion passes over chunks of 15 minutes.
ROWS_READ_PER_SAVE: Final = 22


def edge_path(load: Load) -> Iterator[Usage]:
    """What the path itself uses."""
    yield Usage("workers_plan", "of the account", Decimal(1))
    yield from _passed_on("trades", load.trades)
    yield from _passed_on("connects", load.connects)
    yield Usage(
        "egress_gb", f"posts of {POST_BYTES} B to the edge", gigabytes(load.trades, POST_BYTES)
    )
    yield from _rooms(load)
    if load.has_feeds:
        yield from _hubs(load)


def hubs(load: Load) -> Decimal:
    """How many it takes, each full."""
    return load.online / HUB_CLIENTS


def _passed_on(reason: str, requests: Decimal) -> Iterator[Usage]:
    """What the Worker hands to a room."""
    yield Usage("workers_requests", reason, requests)
    yield Usage("workers_cpu_ms", f"{reason}, {WORKER_CPU_MS} ms each", requests * WORKER_CPU_MS)
    yield Usage("room_requests", reason, requests)


def _rooms(load: Load) -> Iterator[Usage]:
    active_share = min(Decimal(1), load.updates_per_second * ROOM_TAIL_SECONDS)
    active_seconds = load.tokens * active_share * MONTH_SECONDS
    yield Usage("room_gb_seconds", "rooms that are awake", active_seconds * ROOM_GB)
    yield from _lone_saves(load) if _is_quiet(load) else _joint_saves(load)


def _hubs(load: Load) -> Iterator[Usage]:
    """Each hub follows all tokens; rooms send each update to each hub, counted alone (worker/hub.js)."""
    count = hubs(load)
    hops = count * load.trades
    yield Usage("room_requests", "updates to hubs, 20 as one", hops / MESSAGES_PER_REQUEST)
    pings = load.sockets * MONTH_SECONDS / PING_SECONDS
    yield Usage("room_requests", "pings to hubs, 20 as one", pings / MESSAGES_PER_REQUEST)
    pongs = count * load.tokens * MONTH_SECONDS / PING_SECONDS
    yield Usage("room_requests", "pongs of rooms to hubs, 20 as one", pongs / MESSAGES_PER_REQUEST)
    yield Usage("room_gb_seconds", "hubs", count * MONTH_SECONDS * ROOM_GB)


def _is_quiet(load: Load) -> bool:
    """Whether each update finds that the last save was long ago, and is saved alone."""
    return load.updates_per_second * SAVE_IDLE_SECONDS <= 1


def _lone_saves(load: Load) -> Iterator[Usage]:
    yield Usage("room_rows_written", "trades, saved alone", load.trades)
    yield Usage("room_rows_written", "old chunks", load.trades / JOINED_UPDATES)
    yield Usage("room_rows_read", "trades, saved alone", load.trades * ROWS_READ_PER_SAVE)


def _joint_saves(load: Load) -> Iterator[Usage]:
    """An update marks the room, and all that come in SAVE_BUSY_SECONDS from then are saved together."""
    gap_seconds = 1 / load.updates_per_second
    saves = load.tokens * MONTH_SECONDS / (SAVE_BUSY_SECONDS + gap_seconds)
    # The first alarm comes SAVE_IDLE_SECONDS after the mark. While the room is busy the next one is set
    # to as long after the latest update, which is at most a gap old.
    later_seconds = max(gap_seconds, SAVE_IDLE_SECONDS - gap_seconds)
    alarms = saves * (1 + (SAVE_BUSY_SECONDS - SAVE_IDLE_SECONDS) / later_seconds)
    yield Usage("room_requests", "alarms", alarms)
    yield Usage("room_rows_written", "alarms that are set", alarms)
    yield Usage(
        "room_rows_written",
        f"saves, {ROWS_WRITTEN_PER_SAVE} rows each",
        saves * ROWS_WRITTEN_PER_SAVE,
    )
    yield Usage(
        "room_rows_read", f"saves, {ROWS_READ_PER_SAVE} rows each", saves * ROWS_READ_PER_SAVE
    )
