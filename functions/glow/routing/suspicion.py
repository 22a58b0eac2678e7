"""When the edge counts as down for the whole stack: what one publisher found is no proof.

A publisher whose circuit opened within a moment only suspects the edge. It counts as down when the
failures of one process last DOWN_AFTER_SECONDS, or when a second process opens its circuit too. So no
one is moved by a cold process, a room that sleeps, or a deployment of the worker.
"""

from typing import Final

from functions.glow.routing.routes import SETTLE_MS, EdgeHealth

DOWN_AFTER_SECONDS: Final = 3.0
# Longer than a circuit stays open. A suspicion that is older says nothing about now.
SUSPICION_MS: Final = 60_000


def after_failure(
    health: EdgeHealth, *, failing_seconds: float, process: str, now_ms: int
) -> EdgeHealth:
    """The health after the failure that opened the circuit of `process`; the same if nothing follows.

    `failing_seconds` is the time from the first of its failures in a row to this one.
    """
    if health.state == "down":
        return health
    is_suspected = health.state == "suspect" and now_ms - health.since_ms < SUSPICION_MS
    if failing_seconds >= DOWN_AFTER_SECONDS or (is_suspected and health.by != process):
        return EdgeHealth(state="down", since_ms=now_ms)
    if is_suspected or health.needs_aws(now_ms):
        return health  # a suspicion in place of `recovering` would end what AWS carries
    return EdgeHealth(state="suspect", since_ms=now_ms, by=process)


def after_success(health: EdgeHealth, *, now_ms: int) -> EdgeHealth:
    """The health after the edge took a whole request; the same if nothing follows.

    `down` stays for at least SETTLE_MS. By then every publisher knows it, so that a late post of a
    publisher that did not know yet cannot undo it.
    """
    if health.state == "suspect":
        return EdgeHealth(since_ms=now_ms)
    if health.state == "down" and now_ms - health.since_ms >= SETTLE_MS:
        return EdgeHealth(state="recovering", since_ms=now_ms)
    return health
