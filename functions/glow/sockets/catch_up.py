"""The order to send connections what they have missed, as a message of LaterQueue."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from functions.glow.errors import BadRequest
from functions.glow.fields import Json, as_array
from functions.glow.queues.later import Later, LaterQueue
from functions.glow.sockets.lag import MAX_FOUND, Lagging
from functions.glow.token import parse_token

FIRST_PAUSE_SECONDS: Final = 1
_LONGEST_PAUSE_SECONDS: Final = 10


@dataclass(frozen=True, slots=True)
class CatchUp:
    """Connections that are behind on `token`; their rows say how far."""

    token: str
    connection_ids: Sequence[str]

    def to_later(self) -> Later:
        return Later("catch_up", {"token": self.token, "connections": list(self.connection_ids)})


def parse_catch_up(fields: Json) -> CatchUp:
    """Read a message back. Raises BadRequest."""
    listed = as_array(fields.get("connections"), where="connections")
    ids = [id_ for id_ in listed if isinstance(id_, str)]
    if len(ids) != len(listed) or len(ids) > MAX_FOUND:
        raise BadRequest(f"connections must be at most {MAX_FOUND} connection ids")
    return CatchUp(parse_token(fields.get("token"), where="token"), ids)


def follow_up(queue: LaterQueue, token: str, ids: Sequence[str], *, pause_seconds: int) -> None:
    """Have `ids` catch up after a pause. Raises Unavailable."""
    catch_ups = [
        CatchUp(token, ids[start : start + MAX_FOUND]).to_later()
        for start in range(0, len(ids), MAX_FOUND)
    ]
    queue.add(catch_ups, delay_seconds=pause_seconds)


def pause_after(failing: Iterable[Lagging], *, now: float) -> int:
    """The seconds before the next try: twice as long as the youngest of `failing` has been failing.

    A client that was only unlucky hears soon; one that reads too slowly costs few posts.
    """
    failing_ms = min(now * 1_000 - lagging.failing_since_ms for lagging in failing)
    return int(min(max(FIRST_PAUSE_SECONDS, 2 * failing_ms / 1_000), _LONGEST_PAUSE_SECONDS))
