"""Frames: how updates are put together for the wire."""

from collections.abc import Sequence
from typing import Final

from functions.glow.update import Update

# Also keeps a frame under the contract's 32 KiB (one API Gateway frame, facts/aws.md §1): 100 of the
# longest updates that there can be are 32,534 bytes, so nothing has to be counted here.
MAX_FRAME_UPDATES: Final = 100


def frames(updates: Sequence[Update]) -> list[str]:
    """The messages that carry `updates`, in their order.

    A lone update is one PRICE_UPDATE object; several go together as PRICE_BATCH, at most
    MAX_FRAME_UPDATES and 32 KiB each.
    """
    return [
        _frame(updates[start : start + MAX_FRAME_UPDATES])
        for start in range(0, len(updates), MAX_FRAME_UPDATES)
    ]


def _frame(updates: Sequence[Update]) -> str:
    messages = [update.to_json() for update in updates]
    if len(messages) == 1:
        return messages[0]
    # Joined, not dumped again: the updates are JSON already.
    return f'{{"type":"PRICE_BATCH","updates":[{",".join(messages)}]}}'
