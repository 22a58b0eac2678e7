"""How many posts a process may make now. Pure: every question brings its own `now`, Unix seconds.

The account's quota is a bucket: API Gateway takes `accountRequestsPerSecond`, and at once about half
of a second's requests (facts/aws.md §1). So a second is not handed out as a whole when it begins:
ten processes would spend it within 100 ms and meet 429s, which look like the clients' own.
"""

from dataclasses import dataclass
from typing import Final

LEASE_POSTS: Final = 500

# Half of the account's bucket (5,000 at 10,000/s); AWS raises the rate on request, not the bucket.
_AT_ONCE_PER_RATE: Final = 1 / 4
_MAX_AT_ONCE: Final = 2_500


@dataclass(frozen=True, slots=True)
class Quota:
    """What the stack's `processes` together may post in a second.

    A process leases `posts_per_lease`, or less where not all could have so many at the same time.
    """

    posts_per_second: int
    processes: int
    posts_per_lease: int = LEASE_POSTS

    @property
    def share(self) -> int:
        """What each of them may post in a second if all do."""
        return max(1, self.posts_per_second // self.processes)

    @property
    def lease(self) -> int:
        """How many posts are leased at a time. Every process can have a lease in each second, so one
        with a single update to post is not made to wait by leases that others do not use up."""
        return min(self.posts_per_lease, self.share)

    def allowed(self, now: float) -> int:
        """How many posts may have been leased, by all processes, since this second began."""
        at_once = min(self.posts_per_second * _AT_ONCE_PER_RATE, _MAX_AT_ONCE)
        so_far = at_once + self.posts_per_second * (now % 1)
        return min(self.posts_per_second, int(so_far))

    def wait_seconds(self, used: int, now: float) -> float:
        """How long until another lease fits, when `used` posts of this second are leased."""
        until_next_second = 1 - now % 1
        if used + self.lease > self.posts_per_second:
            return until_next_second
        lacking = used + self.lease - self.allowed(now)
        return min(max(lacking, 0) / self.posts_per_second, until_next_second)


@dataclass(frozen=True, slots=True)
class Budget:
    """Posts that may be made in `second`, and in no other."""

    second: int = 0
    posts: int = 0

    def left(self, now: float) -> int:
        return self.posts if int(now) == self.second else 0

    def spent(self) -> "Budget":
        """The budget after one post."""
        return Budget(self.second, self.posts - 1)
