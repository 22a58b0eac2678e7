"""A batch of the broadcast queue, sorted: updates by token in their order, and poison."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypedDict

from functions.glow.errors import BadRequest
from functions.glow.update import Update, parse_update


class SqsRecord(TypedDict):
    """The part of a record that is read. `attributes` has MessageGroupId on a FIFO queue."""

    messageId: str
    body: str
    attributes: Mapping[str, str]


class SqsEvent(TypedDict):
    Records: Sequence[SqsRecord]


class FailedItem(TypedDict):
    itemIdentifier: str


class SqsAnswer(TypedDict):
    """Which messages the queue is to hand out again; the others are acknowledged."""

    batchItemFailures: Sequence[FailedItem]


@dataclass(frozen=True, slots=True)
class Poison:
    """A record that can never succeed, and why."""

    record: SqsRecord
    reason: str


@dataclass(frozen=True, slots=True)
class TokenUpdates:
    """The batch's updates of one token, in order, and the messages that brought them."""

    updates: Sequence[Update]
    message_ids: Sequence[str]


@dataclass(frozen=True, slots=True)
class Batch:
    tokens: Mapping[str, TokenUpdates]
    poison: Sequence[Poison]


def sort_batch(records: Sequence[SqsRecord]) -> Batch:
    """Parse `records`; what does not parse is poison."""
    updates: dict[str, list[Update]] = {}
    message_ids: dict[str, list[str]] = {}
    poison: list[Poison] = []
    for record in records:
        try:
            update = parse_update(record["body"])
        except BadRequest as error:
            poison.append(Poison(record, str(error)))
        else:
            updates.setdefault(update.token, []).append(update)
            message_ids.setdefault(update.token, []).append(record["messageId"])
    return Batch(
        {token: TokenUpdates(updates[token], message_ids[token]) for token in updates}, poison
    )
