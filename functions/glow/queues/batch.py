"""A batch of a queue, sorted: each token's updates in their order, and poison records."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypedDict

from functions.glow.errors import BadRequest
from functions.glow.update import Update, parse_update


class SqsRecord(TypedDict):
    """The part of a record that is read. `attributes` has MessageGroupId on a FIFO queue."""

    messageId: str
    receiptHandle: str
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
    """The batch's updates of one token, in order, and the records that brought them."""

    updates: Sequence[Update]
    records: Sequence[SqsRecord]

    @property
    def message_ids(self) -> Sequence[str]:
        return [record["messageId"] for record in self.records]


@dataclass(frozen=True, slots=True)
class Batch:
    tokens: Mapping[str, TokenUpdates]
    poison: Sequence[Poison]


def sort_batch(records: Sequence[SqsRecord]) -> Batch:
    """Parse `records`; what does not parse is poison."""
    updates: dict[str, list[Update]] = {}
    of_token: dict[str, list[SqsRecord]] = {}
    poison: list[Poison] = []
    for record in records:
        try:
            update = parse_update(record["body"])
        except BadRequest as error:
            poison.append(Poison(record, str(error)))
        else:
            updates.setdefault(update.token, []).append(update)
            of_token.setdefault(update.token, []).append(record)
    return Batch(
        {token: TokenUpdates(updates[token], of_token[token]) for token in updates}, poison
    )
