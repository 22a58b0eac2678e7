"""The edge path: updates are posted to the worker. What it does not take goes to both queues."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Protocol

from functions.glow import log, metrics
from functions.glow.edge.breaker import CircuitBreaker
from functions.glow.edge.client import EdgeClient, Outcome, Verdict
from functions.glow.publisher import Publisher
from functions.glow.runtime.loop import event_loop
from functions.glow.runtime.parallel import in_parallel
from functions.glow.update import Update

# What the edge leaves of a request's deadline: a send to both queues, and once more if that fails.
FALLBACK_MS: Final = 250


class Watch(Protocol):
    """Is told how the edge answers, and acts on it."""

    def edge_failed(self, *, failing_seconds: float) -> None: ...

    def edge_answered(self) -> None: ...

    def rooms_are_away(self, tokens: Sequence[str]) -> None: ...


class EdgePublisher:
    """Posts each token's updates in one request, tokens side by side.

    `fallbacks` get what the edge does not take: the broadcast queue, so that AWS connections hear
    it at once, and the edge retry queue, which delivers it later.
    """

    def __init__(
        self,
        client: EdgeClient,
        *,
        fallbacks: Sequence[Publisher],
        watch: Watch,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._fallbacks = fallbacks
        self._watch = watch
        self._clock = clock
        self._breaker = CircuitBreaker()

    def publish(self, updates: Sequence[Update]) -> None:
        if self._breaker.is_open(now=self._clock()) or not self._client.has_time:
            log.info("edge_skipped", updates=len(updates))
            _record_failures(len(updates), len(updates))
            self._fall_back(updates)
            return
        by_token = _by_token(updates)
        started = time.monotonic()
        outcomes = event_loop().run_until_complete(self._post_all(by_token))
        metrics.record(metrics.EDGE_POST_MS, metrics.milliseconds_since(started))
        undelivered = _undelivered(by_token, outcomes)
        _record_failures(len(undelivered), len(updates))
        self._record(outcomes)
        if undelivered:
            self._fall_back(undelivered)
        # Told last, because it may be more calls: by now the updates are safe.
        self._tell_watch(by_token, outcomes)

    def _fall_back(self, undelivered: Sequence[Update]) -> None:
        in_parallel(lambda fallback: fallback.publish(undelivered), self._fallbacks)

    async def _post_all(self, by_token: Mapping[str, Sequence[Update]]) -> list[Outcome]:
        return await asyncio.gather(
            *(self._client.post(token, updates) for token, updates in by_token.items())
        )

    def _record(self, outcomes: Sequence[Outcome]) -> None:
        """Count this request once: a body of many tokens is no better proof than one of a single.

        A refusal is an answer: the edge is there, and may take the updates of other tokens. So is
        any other room's: a room that sleeps is not the edge.
        """
        if all(outcome.verdict is Verdict.FAILED for outcome in outcomes):
            self._breaker.record_failure(now=self._clock())
        else:
            self._breaker.record_success()

    def _tell_watch(
        self, by_token: Mapping[str, Sequence[Update]], outcomes: Sequence[Outcome]
    ) -> None:
        if self._breaker.is_open(now=self._clock()):
            self._watch.edge_failed(failing_seconds=self._breaker.failing_seconds)
        elif all(outcome.verdict is Verdict.TAKEN for outcome in outcomes):
            self._watch.edge_answered()
        away = [token for token, each in zip(by_token, outcomes, strict=True) if each.is_away]
        if away:
            self._watch.rooms_are_away(away)


def _record_failures(failed: int, updates: int) -> None:
    metrics.record(metrics.EDGE_FAILURES, failed)
    metrics.record(metrics.EDGE_FAILURE_PERCENT, 100 * failed / updates)


def _by_token(updates: Sequence[Update]) -> Mapping[str, Sequence[Update]]:
    by_token: defaultdict[str, list[Update]] = defaultdict(list)
    for update in updates:
        by_token[update.token].append(update)
    return by_token


def _undelivered(
    by_token: Mapping[str, Sequence[Update]], outcomes: Sequence[Outcome]
) -> list[Update]:
    """The updates that the edge did not take, each token's in order."""
    undelivered: list[Update] = []
    for (token, updates), outcome in zip(by_token.items(), outcomes, strict=True):
        if outcome.verdict is not Verdict.TAKEN:
            log.warning(
                "updates_not_taken", token=token, updates=len(updates), reason=outcome.reason
            )
            undelivered += updates
    return undelivered
