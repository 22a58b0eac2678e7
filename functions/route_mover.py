"""RouteMover: `pulumi up` calls it when the routing has changed, and waits for it."""

import os
from collections.abc import Mapping
from typing import Final, TypedDict

from functions.environment import Environment
from functions.glow import log
from functions.glow.routing.policy import parse_policy
from functions.glow.routing.setup import mover
from functions.glow.runtime.loop import event_loop


class RoutingEvent(TypedDict):
    """`policy` as Policy.to_json writes it."""

    policy: str


_MOVER: Final = mover(Environment(os.environ).item_settings)


def handler(event: RoutingEvent, _context: object) -> Mapping[str, object]:
    """Apply the policy; what that means. An error fails `pulumi up`, which can be run again."""
    result = event_loop().run_until_complete(_MOVER.apply(parse_policy(event["policy"])))
    log.info("routing_applied", **result)
    return result
