"""Posts bodies at a rate, each as Helius does: one second for the answer, then three more tries."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, cast

import httpx

from ops.replay.bodies import Body, Fault
from workspace.helius import ACCEPTED, ANSWER_SECONDS, FINAL_STATUS, PAUSE_SECONDS, RETRIES

_AT_ONCE: Final = 100
_SHOWN_LETTERS: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """Where to post. Bodies of one trade (the simple form) name their token beside it: `token`."""

    url: str
    secret: str = field(repr=False)
    token: str | None = None

    @property
    def headers(self) -> dict[str, str]:
        own = {} if self.token is None else {"x-token": self.token}
        return {
            "authorization": f"Bearer {self.secret}",
            "content-type": "application/json",
            **own,
        }


@dataclass(slots=True, kw_only=True)
class Tally:
    """What became of the bodies. `answers` counts each try: a status, or the name of an error."""

    accepted: int = 0
    answers: Counter[str] = field(default_factory=Counter[str])
    stored: int = 0
    duplicates: int = 0
    skipped: Counter[str] = field(default_factory=Counter[str])
    faults: list[Fault] = field(default_factory=list[Fault])
    """The bodies that were not accepted in all their tries."""

    def to_dict(self) -> Mapping[str, object]:
        return {
            "accepted": self.accepted,
            "answers": dict(self.answers),
            "stored": self.stored,
            "duplicates": self.duplicates,
            "skipped": dict(self.skipped),
            "faults": [fault.to_dict() for fault in self.faults],
        }

    def take(self, receipt: object) -> None:
        """Add what a 200 says."""
        said: Mapping[str, object] = (
            cast("Mapping[str, object]", receipt) if isinstance(receipt, dict) else {}
        )
        self.accepted += 1
        self.stored += _count(said, "stored")
        self.duplicates += _count(said, "duplicates")
        for skip in cast("Sequence[Mapping[str, object]]", said.get("skipped") or []):
            self.skipped[str(skip.get("reason"))] += 1


async def post_all(
    bodies: Sequence[Body],
    webhook: Webhook,
    *,
    per_second: float,
    note: Callable[[], None],
    pause_seconds: float = PAUSE_SECONDS,
) -> Tally:
    """Begin `per_second` bodies a second, in their order; `note` is called when one is done."""
    tally = Tally()
    slots = asyncio.Semaphore(_AT_ONCE)
    loop = asyncio.get_running_loop()
    began = loop.time()
    async with (
        httpx.AsyncClient(timeout=ANSWER_SECONDS, headers=webhook.headers) as http,
        asyncio.TaskGroup() as tasks,
    ):

        async def deliver(body: Body) -> None:
            try:
                await _deliver(http, webhook.url, body, tally, pause_seconds)
            finally:
                slots.release()
            note()

        for index, body in enumerate(bodies):
            await asyncio.sleep(max(0.0, began + index / per_second - loop.time()))
            await slots.acquire()
            tasks.create_task(deliver(body))
    tally.faults.sort(key=lambda fault: fault.line)
    return tally


async def _deliver(
    http: httpx.AsyncClient, url: str, body: Body, tally: Tally, pause_seconds: float
) -> None:
    why = ""
    for number in range(1 + RETRIES):
        if number:
            await asyncio.sleep(pause_seconds)
        try:
            answer = await http.post(url, content=body.content)
        except httpx.HTTPError as error:
            why = type(error).__name__
            tally.answers[why] += 1
            continue
        tally.answers[str(answer.status_code)] += 1
        if answer.status_code == ACCEPTED:
            tally.take(_json(answer))
            return
        why = f"{answer.status_code} {answer.text[:_SHOWN_LETTERS]}"
        if answer.status_code == FINAL_STATUS:
            break
    tally.faults.append(Fault(body.line, why))


def _json(answer: httpx.Response) -> object:
    try:
        return json.loads(answer.content)
    except ValueError:
        return None


def _count(said: Mapping[str, object], name: str) -> int:
    value = said.get(name)
    return value if isinstance(value, int) else 0
