"""The price table's stream, as Lambda hands it out: it says which minutes changed, and no more."""

from collections.abc import Mapping, Sequence
from typing import TypedDict

from functions.glow import log
from functions.glow.candles.raw import QUOTE
from functions.glow.candles.roll import Span, minute_of
from functions.glow.errors import BadRequest
from functions.glow.prices.attributes import Row, text
from functions.glow.token import parse_token
from functions.glow.update import parse_id, timestamp_of


class Change(TypedDict, total=False):
    """The part of a change that is read. A removal has no NewImage."""

    Keys: Row
    NewImage: Row
    SequenceNumber: str


class StreamRecord(TypedDict):
    dynamodb: Change


class StreamEvent(TypedDict):
    Records: Sequence[StreamRecord]


class FailedRecord(TypedDict):
    itemIdentifier: str


class StreamAnswer(TypedDict):
    """Lambda hands out again the record that is named, and all behind it."""

    batchItemFailures: Sequence[FailedRecord]


def changed_minutes(records: Sequence[StreamRecord]) -> Mapping[Span, str]:
    """The minutes of trades that changed, each with the number of its first record, in order."""
    found: dict[Span, str] = {}
    for record in records:
        change = record["dynamodb"]
        minute = _minute(change)
        if minute is not None:
            found.setdefault(minute, change.get("SequenceNumber", ""))
    return found


def answer_of(changed: Mapping[Span, str], failed: frozenset[Span]) -> StreamAnswer:
    """What succeeded behind the first failure comes again too, and changes nothing then."""
    first = next((number for minute, number in changed.items() if minute in failed), None)
    return {"batchItemFailures": [] if first is None else [{"itemIdentifier": first}]}


def _minute(change: Change) -> Span | None:
    """None for a quote, and for a row that is not ours: a retry would not mend it."""
    image = change.get("NewImage", {})
    if "source" in image and text(image, "source") == QUOTE:
        return None
    keys = change.get("Keys", {})
    try:
        token = parse_token(text(keys, "token"), where="token")
        id_ = parse_id(text(keys, "id"), where="id")
    except (BadRequest, KeyError) as error:
        log.warning("foreign_row", reason=str(error))
        return None
    return minute_of(token, timestamp_of(id_))
