"""The edge path: updates are posted to the worker. What it does not take goes to both queues."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from functions.glow import log
from functions.glow.edge.breaker import CircuitBreaker
from functions.glow.edge.client import EdgeClient, Outcome, Verdict
from functions.glow.publisher import Publisher
from functions.glow.runtime.loop import event_loop
from functions.glow.runtime.parallel import in_parallel
from functions.glow.update import Update


class Watch(Protocol):
    """Is told how the edge answers, and acts on it."""

    def edge_failed(self) -> None: ...

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
        by_token = _by_token(updates)
        if self._breaker.is_open(now=self._clock()):
            log.info("edge_skipped", updates=len(updates))
            undelivered, away = list(updates), list[str]()
        else:
            undelivered, away = self._post(by_token)
        if undelivered:
            in_parallel(lambda fallback: fallback.publish(undelivered), self._fallbacks)
        # Told last, because it may be one more call: by now the updates are safe.
        if self._breaker.is_open(now=self._clock()):
            self._watch.edge_failed()
        elif not undelivered:
            self._watch.edge_answered()
        if away:
            self._watch.rooms_are_away(away)

    def _post(self, by_token: Mapping[str, Sequence[Update]]) -> tuple[list[Update], list[str]]:
        """Post to the edge. Returns the updates that it did not take, each token's in order, and
        the tokens whose rooms are away."""
        outcomes = event_loop().run_until_complete(self._post_all(by_token))
        undelivered: list[Update] = []
        for (token, updates), outcome in zip(by_token.items(), outcomes, strict=True):
            self._record(outcome)
            if outcome.verdict is not Verdict.TAKEN:
                log.warning(
                    "updates_not_taken", token=token, updates=len(updates), reason=outcome.reason
                )
                undelivered += updates
        away = [token for token, each in zip(by_token, outcomes, strict=True) if each.is_away]
        return undelivered, away

    async def _post_all(self, by_token: Mapping[str, Sequence[Update]]) -> list[Outcome]:
        return await asyncio.gather(
            *(self._client.post(token, updates) for token, updates in by_token.items())
        )

    def _record(self, outcome: Outcome) -> None:
        # A refusal is an answer: the edge is there, and may take the updates of other tokens.
        if outcome.verdict is Verdict.FAILED:
            self._breaker.record_failure(now=self._clock())
        else:
            self._breaker.record_success()


def _by_token(updates: Sequence[Update]) -> Mapping[str, Sequence[Update]]:
    by_token: defaultdict[str, list[Update]] = defaultdict(list)
    for update in updates:
        by_token[update.token].append(update)
    return by_token
