"""One reading of a stack."""

from __future__ import annotations

from collections.abc import Mapping

from ops.status.queues import read_queues
from ops.status.rates import read_watched
from ops.status.reading import Problems, Reading
from ops.status.routing import read_routing
from ops.status.tokens import read_tokens
from ops.status.versions import read_versions
from ops.verify.target import Target


def read_status(target: Target, *, most_tokens: int, now: float) -> Reading:
    """Everything, at `now` (Unix seconds). What AWS or the edge refuses is named in `problems`."""
    problems = Problems()
    watched = problems.read("CloudWatch", lambda: read_watched(target, now=now))
    ages: Mapping[str, float] = {} if watched is None else watched.oldest_seconds
    return Reading(
        stack=target.name,
        at=now,
        queues=problems.read("the queues", lambda: read_queues(target, ages)),
        tokens=problems.read(
            "the tokens",
            lambda: read_tokens(target, most=most_tokens, problems=problems, now=now),
        ),
        routing=problems.read("the routing item", lambda: read_routing(target, now=now)),
        rates=None if watched is None else watched.rates,
        versions=problems.read("the versions", lambda: read_versions(target)),
        problems=problems.told,
    )
