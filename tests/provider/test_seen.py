"""How inputs are compared with what the cloud answers."""

import json

import pytest

from local.provider.drift import imported, seen
from local.provider.resource import Block, Inputs
from local.provider.values import Properties, Value

TABLE: Inputs = {"name": "Name", "size": "Size", "ttl": Block("Ttl", {"on": "On", "key": "Key"})}


# What the cloud answers for what nobody set.
DEFAULTS: Properties = {"size": 1, "ttl": {"on": False}}


def test_value_of_the_cloud_wins() -> None:
    assert seen(TABLE, {"size": 2}, {"size": 3}, {}) == {"size": 3}


def test_what_the_cloud_does_not_answer_stays() -> None:
    assert seen(TABLE, {"size": 2}, {}, {}) == {"size": 2}


def test_what_was_removed_by_hand_is_dropped() -> None:
    assert seen(TABLE, {"size": 2}, {"size": None}, {}) == {}


def test_default_that_the_cloud_leaves_out_is_no_change() -> None:
    assert seen(TABLE, {"size": 1}, {"size": None}, DEFAULTS) == {"size": 1}


@pytest.mark.parametrize(
    ("answered", "found"),
    [
        ({"size": 1, "ttl": {"on": False, "key": "filled in"}}, {}),
        ({"size": 7}, {"size": 7}),
        ({"ttl": {"on": True}}, {"ttl": {"on": True}}),
        ({"name": "filled in"}, {}),
    ],
)
def test_what_was_not_given_counts_if_somebody_set_it(
    answered: Properties, found: Properties
) -> None:
    assert seen(TABLE, {}, answered, DEFAULTS) == found


def test_block_is_compared_field_by_field() -> None:
    given: Properties = {"ttl": {"on": True}}
    assert seen(TABLE, given, {"ttl": {"on": True, "key": "filled in"}}, {}) == given
    assert seen(TABLE, given, {"ttl": {"on": False}}, {}) == {"ttl": {"on": False}}


@pytest.mark.parametrize(
    ("given", "answered"),
    [
        (["a", "b"], ["b", "a"]),
        (json.dumps({"a": 1, "b": 2}), json.dumps({"b": 2, "a": 1}, indent=2)),
        (1, 1.0),
    ],
)
def test_another_way_to_write_the_same_is_no_change(given: Value, answered: Value) -> None:
    assert seen(TABLE, {"name": given}, {"name": answered}, {})["name"] is given


def test_import_has_what_differs_from_the_defaults() -> None:
    answered: Properties = {"name": "n", "size": 1, "ttl": None}
    assert imported(answered, DEFAULTS) == {"name": "n"}
