"""RouteGuard: looks every minute whether a move to the edge goes wrong, and takes it back."""

import os
from typing import Final

from functions.environment import Environment
from functions.glow.metrics import metered
from functions.glow.routing.setup import guard
from functions.glow.runtime.loop import event_loop

_ENVIRONMENT: Final = Environment(os.environ)
_GUARD: Final = guard(_ENVIRONMENT.guard_settings)


@metered("guard_ended", stack=_ENVIRONMENT.stack)
def handler(_event: object, _context: object) -> str | None:
    """Why the routing was set back; None: it was not."""
    return event_loop().run_until_complete(_GUARD.look())
