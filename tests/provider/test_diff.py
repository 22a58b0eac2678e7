"""What counts as a change, and what a change replaces."""

from local.provider.diff import Change, diff
from local.provider.values import ARCHIVE, DEFAULTS, SIGNATURE, UNKNOWN, Properties


def archive(*, path: str, content_hash: str) -> Properties:
    return {SIGNATURE: ARCHIVE, "path": path, "hash": content_hash}


def test_equal_inputs_are_no_change() -> None:
    assert diff({"a": {"b": [1, True]}}, {"a": {"b": [1, True]}}, frozenset()) == {}


def test_nested_change_is_told_by_its_path() -> None:
    olds: Properties = {"tags": {"a b": "1"}, "rules": [{"port": 1}, {"port": 2}], "size": 1}
    news: Properties = {"tags": {"a b": "2"}, "rules": [{"port": 1}], "colour": "red"}
    assert diff(olds, news, frozenset()) == {
        'tags["a b"]': Change("update", replaces=False),
        "rules[1]": Change("delete", replaces=False),
        "size": Change("delete", replaces=False),
        "colour": Change("add", replaces=False),
    }


def test_change_inside_a_replacing_input_replaces() -> None:
    changes = diff({"keys": ["a"]}, {"keys": ["b"]}, frozenset({"keys"}))
    assert changes == {"keys[0]": Change("update", replaces=True)}


def test_value_that_is_not_known_yet_is_a_change() -> None:
    assert diff({"arn": "arn:1"}, {"arn": UNKNOWN}, frozenset()) == {
        "arn": Change("update", replaces=False)
    }


def test_archive_is_compared_by_content_not_by_path() -> None:
    built: Properties = {"code": archive(path="a.zip", content_hash="1")}
    moved: Properties = {"code": archive(path="b.zip", content_hash="1")}
    rebuilt: Properties = {"code": archive(path="a.zip", content_hash="2")}
    assert diff(built, moved, frozenset()) == {}
    assert diff(built, rebuilt, frozenset()) == {"code": Change("update", replaces=False)}


def test_who_named_it_is_no_change() -> None:
    assert diff({"name": "n", DEFAULTS: ["name"]}, {"name": "n"}, frozenset()) == {}
