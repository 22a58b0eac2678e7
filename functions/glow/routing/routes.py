"""Routes over time: what the routing item says, and what follows from it at a moment.

A change of route takes time. Publishers learn of it within CACHE_SECONDS. Until SETTLE_MS have
passed, clients are still told the old path, which every publisher serves. A policy that was replaced
is still published on until its grace is over and its last clients are gone. The grace begins when the
change has been announced to the last client. `work` is what is left of that (work.py).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from functions.glow.errors import BadRequest
from functions.glow.fields import Json, as_array, as_object, parse_json
from functions.glow.paths import Path
from functions.glow.routing.policy import Policy, parse_policy
from functions.glow.routing.work import Work

CACHE_SECONDS: Final = 5.0
# A process that cannot read the item may go by the last one for so long. What is left until SETTLE_MS is
# the time that a call takes.
RELIABLE_SECONDS: Final = 6.0
SETTLE_MS: Final = 7_000

_AWS: Final[frozenset[Path]] = frozenset({"aws"})

EdgeState = Literal["down", "recovering", "suspect", "well"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A policy that was replaced: in force since `since_ms`; clients may stay until `until_ms`.

    `until_ms` is None until the change that replaced it has been announced. Times are Unix ms. Clients
    that have not left by then are made to; it is published on until that is done.
    """

    policy: Policy
    since_ms: int
    until_ms: int | None

    def is_over(self, now_ms: int) -> bool:
        return self.until_ms is not None and now_ms >= self.until_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeHealth:
    """How the publishers found the edge.

    `well`: it answers. `suspect`: one process, `by`, found that it does not; nothing follows from that
    yet (suspicion.py). `down`: AWS carries its tokens too, and clients are sent there. `recovering`:
    clients are told to come back. AWS goes on until `until_ms`; that is None until all have been told.
    """

    state: EdgeState = "well"
    since_ms: int = 0
    until_ms: int | None = None
    by: str | None = None

    @property
    def is_unannounced_recovery(self) -> bool:
        """Whether clients have to be told to come back."""
        return self.state == "recovering" and self.until_ms is None

    def needs_aws(self, now_ms: int) -> bool:
        """Whether AWS has to carry what the edge does."""
        if self.state == "recovering":
            return self.until_ms is None or now_ms < self.until_ms
        return self.state == "down"

    def sends_to_aws(self, now_ms: int) -> bool:
        """Whether clients are told to use AWS: once every publisher knows."""
        return self.state == "down" and now_ms >= self.since_ms + SETTLE_MS

    def to_json(self) -> str:
        fields: Json = {"edge": self.state, "sinceMs": self.since_ms, "untilMs": self.until_ms}
        if self.by is not None:
            fields["by"] = self.by
        return json.dumps(fields, separators=(",", ":"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Routes:
    """The policy in force, the replaced ones that clients may still use, the edge's health, and what
    is left to do of a change."""

    current: Policy
    since_ms: int = 0
    previous: Sequence[Stretch] = ()
    health: EdgeHealth = EdgeHealth()
    work: Work | None = None
    replaced: Policy | None = None
    """What `current` took the place of, also after its last clients are gone."""
    set_back_because: str | None = None
    """Why the guard (guard.py) made `current` the policy; None: `pulumi up` did."""
    version: int = 0
    """How often the item was replaced."""

    @property
    def to_do(self) -> Work | None:
        """What is left to do, whether it was written down or not.

        Who writes the health may write nothing else. So a recovery is work that nobody has begun; it
        begins anew what a change has begun meanwhile, since others have to be told than before.
        """
        recovery_ms = self.health.since_ms if self.health.is_unannounced_recovery else None
        is_new = recovery_ms is not None and (
            self.work is None or self.work.recovery_ms != recovery_ms
        )
        if is_new or (self.work is None and not self.is_announced):
            return self._work_anew(touched_ms=max(self.since_ms, recovery_ms or 0))
        return self.work

    def carried(self, token: str) -> frozenset[Path]:
        """The paths to publish an update of `token` on.

        A path whose grace is over is among them until its last clients are gone (`sweep`). One that
        stayed, and whose path is taken up again, would otherwise miss updates and not know it.
        """
        paths = self.current.paths(token).union(
            *(stretch.policy.paths(token) for stretch in self.previous)
        )
        return paths | _AWS if self.health.state in ("down", "recovering") else paths

    def open_paths(self, token: str, *, now_ms: int) -> frozenset[Path]:
        """The paths on which clients of `token` may be let in, or stay, at `now_ms`."""
        paths = self.current.paths(token).union(
            *(stretch.policy.paths(token) for stretch in self._lasting(now_ms))
        )
        return paths | _AWS if self.health.needs_aws(now_ms) else paths

    def lasting_paths(self, token: str) -> frozenset[Path]:
        """The paths that stay when all changes are done. Clients on another one have to move."""
        paths = self.current.paths(token)
        return paths | _AWS if self.health.state == "down" else paths

    def is_home_at_edge(self, token: str, *, now_ms: int) -> bool:
        """Whether the edge serves `token` and its rooms have been told so."""
        return self._is_settled(self.since_ms, now_ms) and "edge" in self.current.paths(token)

    def leaves_aws(self, token: str) -> bool:
        """Whether the clients that listen to `token` on AWS are to be told to go to the edge.

        They are told even if AWS goes on carrying it, for the clients of a region or because both
        paths are served: the others would stay, which costs more. A client that belongs on AWS asks
        discovery, which sends it back.
        """
        if self.current.path(token) == "aws" or self.health.state == "down":
            return False
        came_from_aws = any(stretch.policy.path(token) == "aws" for stretch in self.previous)
        is_back = self.health.state == "recovering"
        return came_from_aws or is_back or "aws" not in self.current.paths(token)

    def comes_to_edge(self, token: str) -> bool:
        """Whether the room of `token` has to be told that it is to serve."""
        return "edge" in self.current.paths(token) and any(
            "edge" not in stretch.policy.paths(token) for stretch in self._unannounced
        )

    def leaves_edge(self, token: str) -> bool:
        """Whether the room of `token` has to be told to send its clients to AWS."""
        if "edge" in self.current.paths(token):
            return False
        # Of rooms that are owed this, nobody knows any more which policy had clients in them.
        is_owed = self.work is not None and self.work.owes_rooms
        return is_owed or any(
            "edge" in stretch.policy.paths(token) for stretch in self._unannounced
        )

    @property
    def needs_edge(self) -> bool:
        """Whether a change that is not announced takes anything to the edge."""
        return any(self.current.takes_to_edge(each.policy) for each in self._unannounced)

    def path(self, token: str, *, region: str | None, now_ms: int) -> Path:
        """The path that a client that asks now is told to use: one that every publisher serves."""
        if self.health.sends_to_aws(now_ms):
            return "aws"
        settled = [self.current] if self._is_settled(self.since_ms, now_ms) else []
        settled += [
            stretch.policy
            for stretch in reversed(self._lasting(now_ms))
            if self._is_settled(stretch.since_ms, now_ms)
        ]
        return (settled or [self.current])[0].path(token, region)

    def is_fallback(self, token: str, *, region: str | None, now_ms: int) -> bool:
        """Whether `token` is served by AWS only because the edge is down."""
        is_away = self.health.sends_to_aws(now_ms)
        return is_away and self.current.path(token, region) == "edge"

    def changed(self, policy: Policy, *, now_ms: int) -> Routes:
        """With `policy` in force from now on, and not yet announced; unchanged if it is in force."""
        if policy == self.current:
            return self
        replaced = Stretch(policy=self.current, since_ms=self.since_ms, until_ms=None)
        changed = replace(
            self,
            current=policy,
            since_ms=now_ms,
            previous=(*self._others_than(self.current), replaced),
            replaced=self.current,
            set_back_because=None,
        )
        return replace(changed, work=changed._work_anew(touched_ms=now_ms))  # noqa: SLF001  a copy

    def set_back(self, reason: str, *, now_ms: int) -> Routes:
        """With the policy in force that `current` replaced; unchanged if there is none."""
        if self.replaced is None:
            return self
        return replace(self.changed(self.replaced, now_ms=now_ms), set_back_because=reason)

    def swept(self, *, now_ms: int) -> Routes:
        """Without the replaced policies whose grace is over: nobody is left there."""
        return replace(self, previous=tuple(self._lasting(now_ms)))

    def announced(self, *, until_ms: int) -> Routes:
        """With `until_ms` as the end of each replaced policy that has none yet."""
        ending = [
            replace(stretch, until_ms=until_ms) if stretch.until_ms is None else stretch
            for stretch in self.previous
        ]
        return replace(self, previous=tuple(ending))

    @property
    def is_announced(self) -> bool:
        return not self._unannounced

    @property
    def _unannounced(self) -> list[Stretch]:
        return [stretch for stretch in self.previous if stretch.until_ms is None]

    def _work_anew(self, *, touched_ms: int) -> Work:
        """The work from its beginning, which announces all that is not announced yet."""
        return Work(
            step="serve",
            due_ms=self.since_ms + SETTLE_MS,
            touched_ms=touched_ms,
            recovery_ms=self.health.since_ms if self.health.is_unannounced_recovery else None,
            owes_rooms=self.work is not None and self.work.owes_rooms,
        )

    def _others_than(self, policy: Policy) -> list[Stretch]:
        """A policy that is replaced once more lasts longer than before."""
        return [stretch for stretch in self.previous if stretch.policy != policy]

    def _lasting(self, now_ms: int) -> list[Stretch]:
        return [stretch for stretch in self.previous if not stretch.is_over(now_ms)]

    def _is_settled(self, since_ms: int, now_ms: int) -> bool:
        return now_ms >= since_ms + SETTLE_MS


def previous_to_json(previous: Sequence[Stretch]) -> str:
    return json.dumps(
        [
            {
                "policy": stretch.policy.to_json(),
                "sinceMs": stretch.since_ms,
                "untilMs": stretch.until_ms,
            }
            for stretch in previous
        ],
        separators=(",", ":"),
    )


def parse_previous(text: str) -> tuple[Stretch, ...]:
    """Read back what `previous_to_json` wrote. Raises BadRequest."""
    entries = as_array(parse_json(text, where="previous"), where="previous")
    stretches: list[Stretch] = []
    for entry in entries:
        fields = as_object(entry, where="previous")
        since_ms = _optional_ms(fields, "sinceMs") or 0
        policy = parse_policy(str(fields.get("policy")))
        until_ms = _optional_ms(fields, "untilMs")
        stretches.append(Stretch(policy=policy, since_ms=since_ms, until_ms=until_ms))
    return tuple(stretches)


def parse_health(text: str) -> EdgeHealth:
    """Read back what `EdgeHealth.to_json` wrote. Raises BadRequest."""
    fields = as_object(parse_json(text, where="health"), where="health")
    since_ms = _optional_ms(fields, "sinceMs") or 0
    until_ms = _optional_ms(fields, "untilMs")
    match fields.get("edge"):
        case "down":
            return EdgeHealth(state="down", since_ms=since_ms)
        case "suspect":
            return EdgeHealth(state="suspect", since_ms=since_ms, by=str(fields.get("by")))
        case "recovering":
            return EdgeHealth(state="recovering", since_ms=since_ms, until_ms=until_ms)
        case _:
            return EdgeHealth(since_ms=since_ms)


def _optional_ms(fields: Json, key: str) -> int | None:
    value = fields.get(key)
    if value is None or isinstance(value, int):
        return value
    raise BadRequest(f"{key} must be Unix time in ms, or null")
