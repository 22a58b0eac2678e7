"""The rate guard: no process posts more than it has leased, so none meets the account's quota.

Without it ten workers at 5,000 to 9,000 posts a second would share 10,000 with the webhook: Helius
would be refused, and healthy clients would be blamed for our own 429s.
"""

from __future__ import annotations

import asyncio
import random
import time
from typing import Final

from functions.glow import log
from functions.glow.errors import Unavailable
from functions.glow.sockets.budget import Budget, Quota
from functions.glow.sockets.leases import LeaseTable

# A healthy answer takes 5 ms. A row that gives none is not asked again at once: posts wait for it.
ROW_TIMEOUT_SECONDS: Final = 0.5
ROW_REST_SECONDS: Final = 5
# A process that found no lease for so long takes its share, so that none is left without.
MAX_WAIT_SECONDS: Final = 2


class RateGuard:
    """One for the life of a process. Belongs to one event loop."""

    def __init__(self, leases: LeaseTable, quota: Quota) -> None:
        self._leases = leases
        self._quota = quota
        self._budget = Budget()
        self._asking = asyncio.Lock()
        self._next_lease: asyncio.Future[None] | None = None
        self._row_rests_until = 0.0

    async def acquire(self) -> None:
        """Wait until one more post may be made."""
        while not self._is_taken():
            async with self._asking:
                if not self._budget.left(time.time()):
                    await self._renew()

    async def lease_ahead(self) -> None:
        """Have a lease by the time that a post needs it; does not wait where there is none."""
        async with self._asking:
            if not self._budget.left(time.time()):
                await self._try_to_lease()

    async def settle(self) -> None:
        """Wait for a lease that is being asked for: Lambda freezes what an invocation leaves behind,
        and the answer would be late when it goes on."""
        if self._next_lease is not None:
            await self._next_lease

    def _is_taken(self) -> bool:
        left = self._budget.left(time.time())
        if not left:
            return False
        self._budget = self._budget.spent()
        if left == self._quota.lease // 2:  # the next one comes while the rest is used up
            self._next_lease = asyncio.ensure_future(self._lease_more())
        return True

    async def _lease_more(self) -> None:
        async with self._asking:
            await self._try_to_lease()

    async def _renew(self) -> None:
        """Wait for a lease, or take the static share of a second that has not given it yet."""
        waiting_since = time.monotonic()
        while (wait_seconds := await self._try_to_lease()) is not None:
            if time.monotonic() - waiting_since > MAX_WAIT_SECONDS:
                self._take_share()
                return
            # Jitter: those that were refused together do not all come back for the same lease.
            jitter = random.uniform(0, self._quota.lease / self._quota.posts_per_second)  # noqa: S311
            await asyncio.sleep(wait_seconds + jitter)

    async def _try_to_lease(self) -> float | None:
        """None: there is a budget now. Otherwise the seconds to wait before the next try."""
        now = time.time()
        second = int(now)
        if now < self._row_rests_until:
            if self._budget.second == second:  # its share is used up
                return second + 1 - now
            self._take_share()
            return None
        try:
            async with asyncio.timeout(ROW_TIMEOUT_SECONDS):
                used = await asyncio.to_thread(
                    self._leases.lease,
                    self._quota.lease,
                    second=second,
                    allowed=self._quota.allowed(now),
                )
        except (Unavailable, TimeoutError) as error:
            reason = str(error) or f"no answer in {ROW_TIMEOUT_SECONDS} s"
            log.warning("post_leases_away", reason=reason, share=self._quota.share)
            self._row_rests_until = time.time() + ROW_REST_SECONDS
            self._take_share()
            return None
        if used is not None:
            return self._quota.wait_seconds(used, now)
        self._budget = Budget(second, self._budget.left(second) + self._quota.lease)
        return None

    def _take_share(self) -> None:
        self._budget = Budget(int(time.time()), self._quota.share)
