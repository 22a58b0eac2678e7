"""What `pulumi up` calls when the routing has changed. It begins the change; RouteWorker carries it out.

The new policy is written beside the work that it makes (work.py), and every publisher learns of it while
`up` still waits. Until that work is done, what it replaces is published on.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final
from uuid import uuid4

from functions.glow import log
from functions.glow.errors import NotAllowed, Unavailable
from functions.glow.routing.policy import Policy
from functions.glow.routing.ports import Rooms, RouteItem, Tasks, TokenPages
from functions.glow.routing.routes import SETTLE_MS, Routes

# IAM's rights hold everywhere some seconds after they are made; the first `up` makes them just before.
RIGHTS_SECONDS: Final = 30
_RIGHTS_RETRY_SECONDS: Final = 1
# Another process replaces the item once a page of its work, so it cannot be in the way for long.
_MAX_TRIES: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Mover:
    """`rooms` is None where the stack has no edge."""

    table: RouteItem
    known_tokens: TokenPages
    rooms: Rooms | None
    tasks: Tasks
    clock: Callable[[], float]
    sleep: Callable[[float], Awaitable[None]]

    async def apply(self, policy: Policy) -> Mapping[str, object]:
        """Bring `policy` into force; what that means. Returns when every publisher knows it.

        The same again adds the task again, should it be lost. Raises Unavailable: nothing was
        written, or the same again goes on.
        """
        ends_at = self.clock() + RIGHTS_SECONDS
        while True:
            try:
                return await self._apply(policy)
            except NotAllowed as error:
                if self.clock() >= ends_at:
                    raise
                log.warning("rights_not_there_yet", reason=str(error))
                await self.sleep(_RIGHTS_RETRY_SECONDS)

    async def set_back(self, judged: Routes, reason: str) -> bool:
        """Bring the policy into force again that `judged` replaced; False: the routing has been changed
        since. Raises Unavailable: nothing was written, or the same again goes on."""
        for _ in range(_MAX_TRIES):
            routes = self.table.read()
            if routes is None or (routes.current, routes.since_ms) != (
                judged.current,
                judged.since_ms,
            ):
                return False
            changed = routes.set_back(reason, now_ms=self._now_ms())
            if changed is routes:
                return False
            if self.table.replace(routes, changed):
                await self._begin(changed, is_new=True)
                return True
        raise Unavailable("the routing item is changed by others all the time")

    async def _apply(self, policy: Policy) -> Mapping[str, object]:
        before = self.table.read()
        if before is not None:
            await self._require_edge(before.changed(policy, now_ms=self._now_ms()))
        for _ in range(_MAX_TRIES):
            routes = self.table.read()
            now_ms = self._now_ms()
            if routes is None:
                if self.table.replace(None, Routes(current=policy)):
                    return {"routing": "first"}  # there is nobody to tell
                continue
            changed = routes.changed(policy, now_ms=now_ms)
            if changed is routes or self.table.replace(routes, changed):
                return await self._begin(changed, is_new=changed is not routes)
        raise Unavailable("the routing item is changed by others all the time; run pulumi up again")

    async def _begin(self, routes: Routes, *, is_new: bool) -> Mapping[str, object]:
        work = routes.to_do
        if work is None:
            return {"routing": "unchanged"}
        self.tasks.add(work.due_ms, name=uuid4().hex)
        settled_ms = routes.since_ms + SETTLE_MS
        await self.sleep(max(0, settled_ms - self._now_ms()) / 1_000)
        return {"routing": "changed" if is_new else "continued"}

    async def _require_edge(self, changed: Routes) -> None:
        """Before anything is written: an edge that clients are sent to has to answer."""
        if self.rooms is None or not changed.needs_edge:
            return
        tokens, _ = self.known_tokens.page(None, now=self.clock())
        try:
            await self.rooms.count_clients(tokens[:1])
        except Unavailable as error:
            raise Unavailable(
                f"{error}, so nothing was moved to it. Mend the edge, or set the routing back;"
                " then run pulumi up again"
            ) from error

    def _now_ms(self) -> int:
        return int(self.clock() * 1_000)
