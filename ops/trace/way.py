"""What the evidence says of a trade's way: a step per station, in order. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from functions.glow.paths import Path
from functions.glow.prices.row import Arrival
from ops.logs.line import Line
from ops.trace.step import Step

TRADE_EVENTS: Final = (
    "trade_stored",
    "trade_seen_before",
    "trade_suspected",
    "trade_id_taken",
    "trade_not_stored",
)
_NO_ROW: Final[Mapping[str, str]] = {
    "trade_id_taken": "another transaction of its slot has the same id (its first 16 characters)",
    "trade_not_stored": "the price table did not answer, and Helius did not send the trade again",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What is known of a trade of one token.

    `webhook` are all lines of the requests that named it, `fan_outs` those of BroadcastWorker that name
    its id, `retries` what EdgeRetryWorker said of the token later. `carried` are the paths of the token
    as the routes are now.
    """

    token: str
    signature: str
    row: Arrival | None
    carried: frozenset[Path]
    webhook: Sequence[Line] = ()
    fan_outs: Sequence[Line] = ()
    retries: Sequence[Line] = ()

    @property
    def own(self) -> list[Line]:
        """The lines that say what the webhook did with this trade."""
        return [
            line
            for line in self.webhook
            if line.event in TRADE_EVENTS
            and line.text("token") == self.token
            and line.text("txSignature") == self.signature
        ]

    @property
    def is_stored(self) -> bool:
        return self.row is not None or any(
            line.event in ("trade_stored", "trade_seen_before") for line in self.own
        )

    @property
    def is_suspect(self) -> bool:
        return self.row is not None and self.row.jumped_from is not None


def steps_of(evidence: Evidence) -> list[Step]:
    """Traded, received, stored, published and delivered on each path."""
    return [
        *_traded(evidence),
        _received(evidence),
        _stored(evidence),
        *(step for path in _paths(evidence) for step in _on(path, evidence)),
    ]


def _traded(evidence: Evidence) -> Iterator[Step]:
    if evidence.row is not None:
        update = evidence.row.update
        seen = f"{update.price:f} SOL, slot {update.slot}"
        yield Step(name="traded", state="done", seen=seen, at_ms=update.timestamp * 1_000)


def _received(evidence: Evidence) -> Step:
    answers = [line for line in evidence.webhook if line.event == "webhook_answered"]
    if answers:
        first, times = answers[0], len(answers)
        took_ms = first.number("WebhookTime") or 0.0
        again = f"; came {times} times" if times > 1 else ""
        return Step(
            name="received",
            state="done",
            seen=f"answered after {took_ms:.0f} ms{again}",
            at_ms=first.at_ms - took_ms,
        )
    if evidence.own:
        line = evidence.own[0]
        return Step(name="received", state="done", seen="by its log", at_ms=line.at_ms)
    row = evidence.row
    if row is not None and row.update.source != "amm":
        seen = "never: it was not posted to the webhook"
        return Step(name="received", state="done", seen=f"{seen}, but is a {row.update.source}")
    return Step(
        name="received",
        state="missing",
        seen="not in the webhook's log",
        cause="its lines are gone (logRetentionDays), or are older than --since"
        if row is not None
        else "Helius did not send it (ops verify tells of its webhook), it was skipped (the metrics"
        " Skipped.* say why), or it is older than --since",
    )


def _stored(evidence: Evidence) -> Step:
    row = evidence.row
    if row is not None and row.jumped_from is not None:
        return Step(
            name="stored",
            state="waiting",
            seen=f"kept back: its price is too far from {row.jumped_from:f} SOL",
            at_ms=row.arrived_at_ms,
            cause="it is published once another trade agrees, or nobody contradicts in time",
        )
    if row is not None:
        return Step(name="stored", state="done", seen=row.update.id, at_ms=row.arrived_at_ms)
    events = [line.event for line in evidence.own]
    causes = [_NO_ROW[event] for event in events if event in _NO_ROW]
    if evidence.is_stored:
        causes = ["it was stored, and its row has expired since (priceRetentionDays)"]
    return Step(
        name="stored",
        state="missing",
        seen="not stored",
        cause=causes[0] if causes else "the webhook has not taken it",
    )


def _paths(evidence: Evidence) -> list[Path]:
    """Those that the webhook published on, as far as they can be this token's; else those of now."""
    said: set[Path] = {path for path in evidence.carried if _published(evidence, path)}
    return sorted(said or evidence.carried)


def _published(evidence: Evidence, path: Path) -> Line | None:
    """The answer that says so. Of a body with many tokens it counts all of them."""
    answers = (line for line in evidence.webhook if line.event == "webhook_answered")
    return next((line for line in answers if line.number(f"Published.{path}")), None)


def _on(path: Path, evidence: Evidence) -> Iterator[Step]:
    published = _published(evidence, path)
    if published is None:
        yield _not_published(path, evidence)
        if path == "aws" and evidence.fan_outs:
            yield _at_aws(evidence)
        return
    yield Step(
        name=f"published on {path}",
        state="done",
        seen=_how(path, published),
        at_ms=published.at_ms,
    )
    yield _at_edge(evidence, published) if path == "edge" else _at_aws(evidence)


def _not_published(path: Path, evidence: Evidence) -> Step:
    if evidence.is_suspect:
        cause = "suspects are not published"
    elif not evidence.own:
        cause = "the webhook's log does not name the trade"
    else:
        cause = "the queue or the edge did not answer in time; Helius's next try heals that"
    return Step(name=f"published on {path}", state="missing", seen="not known to be", cause=cause)


def _how(path: Path, answer: Line) -> str:
    post_ms = answer.number("EdgePostTime") if path == "edge" else None
    if path == "aws":
        return "sent to the broadcast queue"
    return "to its room" if post_ms is None else f"to its room, which took {post_ms:.0f} ms"


def _at_aws(evidence: Evidence) -> Step:
    name = "delivered on aws"
    done = [line for line in evidence.fan_outs if line.event == "fan_out_done"]
    if done:
        line = done[0]
        troubles = {
            "gone": line.number("gone"),
            "failing": line.number("failing"),
        }
        told = "".join(f", {count:.0f} {what}" for what, count in troubles.items() if count)
        seen = f"posted to {line.number('posted') or 0:.0f} connections{told}"
        return Step(name=name, state="done", seen=seen, at_ms=line.at_ms)
    failed = [line for line in evidence.fan_outs if line.event == "fan_out_failed"]
    if failed:
        return Step(
            name=name,
            state="waiting",
            seen=f"failed {len(failed)} times",
            at_ms=failed[-1].at_ms,
            cause=failed[-1].text("reason") or "BroadcastWorker's log says why",
        )
    return Step(
        name=name,
        state="missing",
        seen="no line of BroadcastWorker names it",
        cause="it waits in the queue or lies in the dead-letter queue (ops status), the queue's mapping"
        " is off (ops verify), or the lines are not there yet",
    )


def _at_edge(evidence: Evidence, published: Line) -> Step:
    name = "delivered on edge"
    refusals = [
        line
        for line in evidence.webhook
        if line.request_id == published.request_id
        and (
            line.event == "edge_skipped"
            or (line.event == "updates_not_taken" and line.text("token") == evidence.token)
        )
    ]
    if not refusals:
        return Step(name=name, state="done", seen="the room took it", at_ms=published.at_ms)
    why = refusals[0].text("reason") or "the edge was not asked: it had failed, or no time was left"
    later = [line for line in evidence.retries if line.event == "updates_redelivered"]
    if later:
        seen = f"the room took it later ({why})"
        return Step(name=name, state="done", seen=seen, at_ms=later[0].at_ms)
    return Step(
        name=name,
        state="waiting",
        seen="not taken at once; the edge retry queue has it, and AWS sent it to its own clients",
        at_ms=refusals[0].at_ms,
        cause=why,
    )
