"""Frames: how updates are put together for the wire."""

from collections.abc import Sequence
from typing import Final

from functions.glow.update import Update

MAX_FRAME_UPDATES: Final = 100
MAX_FRAME_BYTES: Final = 32 * 1024
"""The contract's, and one frame of API Gateway (facts/aws.md §1)."""

# What stands around the updates, with the longest token.
_ENVELOPE_BYTES: Final = 120


def frames(updates: Sequence[Update]) -> list[str]:
    """The messages that carry `updates`, in their order.

    A lone update is one PRICE_UPDATE object; several go together as PRICE_BATCH, at most
    MAX_FRAME_UPDATES and MAX_FRAME_BYTES each. It names the token if all are of one.
    """
    made: list[str] = []
    start = size = 0
    texts = [update.to_json() for update in updates]  # ASCII, so a character is a byte
    for index, text in enumerate(texts):
        size += len(text) + 1
        is_full = index - start == MAX_FRAME_UPDATES or size + _ENVELOPE_BYTES > MAX_FRAME_BYTES
        if is_full:
            made.append(_frame(updates[start:index], texts[start:index]))
            start, size = index, len(text) + 1
    if texts:
        made.append(_frame(updates[start:], texts[start:]))
    return made


def _frame(updates: Sequence[Update], texts: Sequence[str]) -> str:
    if len(texts) == 1:
        return texts[0]
    tokens = {update.token for update in updates}
    token = f'"token":"{updates[0].token}",' if len(tokens) == 1 else ""
    # Joined, not dumped again: the updates are JSON already, and a token needs no escaping.
    return f'{{"type":"PRICE_BATCH",{token}"updates":[{",".join(texts)}]}}'
