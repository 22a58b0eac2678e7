"""Frames: nothing is lost, the order is kept, no frame is too large."""

import json
from dataclasses import replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from functions.glow.sockets.frames import MAX_FRAME_UPDATES, frames
from functions.glow.update import MAX_SLOT, MAX_TIMESTAMP, Update

LONGEST_PRICE = Decimal("1.23456789012345e-100")


def some_updates(count: int) -> list[Update]:
    return [Update("SOL", Decimal("0.5"), 1_750_000_000, slot, "abc") for slot in range(count)]


def unpacked(frame: str) -> list[object]:
    message = json.loads(frame)
    return message["updates"] if message["type"] == "PRICE_BATCH" else [message]


def test_no_update_makes_no_frame() -> None:
    assert frames([]) == []


def test_lone_update_goes_as_one_object() -> None:
    (update,) = some_updates(1)

    assert frames([update]) == [update.to_json()]


def test_two_updates_go_as_one_batch() -> None:
    first, second = some_updates(2)

    assert frames([first, second]) == [
        f'{{"type":"PRICE_BATCH","token":"SOL","updates":[{first.to_json()},{second.to_json()}]}}'
    ]


def test_batch_of_several_tokens_names_none() -> None:
    first, second = some_updates(2)
    other = replace(second, token="BONK")

    assert frames([first, other]) == [
        f'{{"type":"PRICE_BATCH","updates":[{first.to_json()},{other.to_json()}]}}'
    ]


def test_update_left_over_goes_as_one_object() -> None:
    updates = some_updates(MAX_FRAME_UPDATES + 1)

    batch, lone = frames(updates)

    assert len(unpacked(batch)) == MAX_FRAME_UPDATES
    assert lone == updates[-1].to_json()


@given(st.integers(0, 350))
def test_frames_hold_every_update_in_order(count: int) -> None:
    updates = some_updates(count)

    made = frames(updates)

    assert [item for frame in made for item in unpacked(frame)] == [
        json.loads(update.to_json()) for update in updates
    ]
    assert all(len(unpacked(frame)) <= MAX_FRAME_UPDATES for frame in made)


def test_frames_of_the_longest_updates_fit_32_kib() -> None:
    trade = (LONGEST_PRICE, LONGEST_PRICE)
    longest = Update("T" * 64, LONGEST_PRICE, MAX_TIMESTAMP, MAX_SLOT, "s" * 88, "sell", *trade)

    full, rest = frames([longest] * MAX_FRAME_UPDATES)

    one_more = len(longest.to_json()) + 1
    assert 32 * 1024 - 2 * one_more < len(full.encode()) <= 32 * 1024
    assert len(unpacked(full)) + len(unpacked(rest)) == MAX_FRAME_UPDATES
