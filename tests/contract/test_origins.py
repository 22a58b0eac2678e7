"""The golden file of origins against the Python rule; tests/worker/unit/origin.test.js reads it too."""

import json
from pathlib import Path
from typing import Any

import pytest

from functions.glow.origin import origin_is_allowed

ORIGINS: dict[str, Any] = json.loads((Path(__file__).parent / "origins.json").read_text())
ALLOWED = frozenset[str](ORIGINS["allowed"])

Case = dict[str, Any]


@pytest.mark.parametrize(
    ("table", "allowed", "origin_is_required"),
    [
        ("cases", ALLOWED, False),
        ("listingNothing", frozenset[str](), False),
        ("requiringOne", ALLOWED, True),
    ],
)
def test_origin_may_connect_as_in_the_file(
    table: str, allowed: frozenset[str], origin_is_required: bool
) -> None:
    own = {ORIGINS["own"]}
    cases: list[Case] = ORIGINS[table]

    decided = [
        {
            "origin": case["origin"],
            "isAllowed": origin_is_allowed(
                case["origin"], allowed, own=own, origin_is_required=origin_is_required
            ),
        }
        for case in cases
    ]

    assert decided == cases
