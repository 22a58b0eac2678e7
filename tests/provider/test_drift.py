"""What was changed or deleted by hand in AWS is seen by a refresh."""

from collections.abc import Iterator

import pytest

from local.provider.aws import RESOURCES, Aws
from local.provider.aws.session import Session
from local.provider.echoed import ECHOED
from local.provider.resource import State
from local.provider.values import Properties
from tests.provider.aws_resources import (
    CHANGES,
    DELETIONS,
    INVOCATION,
    TABLE,
    UNCHANGEABLE,
    ByHand,
    Made,
    make_all,
)
from tests.provider.client import Found, Provider, served

pytestmark = pytest.mark.cloud


@pytest.fixture(scope="module")
def provider(aws_config: Properties) -> Iterator[Provider]:
    with served(Aws()) as provider:
        provider.configure(aws_config)
        yield provider


@pytest.fixture(scope="module")
def kept(provider: Provider) -> Made:
    return make_all(provider, "kept")


@pytest.fixture(scope="module")
def deleted(provider: Provider, aws: Session) -> Made:
    """Resources that somebody has deleted."""
    made = make_all(provider, "gone")
    for delete in DELETIONS.values():
        delete(aws, made)
    return made


def _read(provider: Provider, token: str, known: Found) -> Found:
    return provider.read(token, known.id, known.inputs, known.properties)


def _changed(before: Properties, after: Properties) -> Properties:
    names = before.keys() | after.keys()
    return {name: after.get(name) for name in names if before.get(name) != after.get(name)}


def test_every_type_is_in_the_tables() -> None:
    assert {by_hand.token for by_hand in CHANGES} | UNCHANGEABLE == set(RESOURCES)
    assert DELETIONS.keys() | {INVOCATION} == set(RESOURCES)


@pytest.mark.parametrize("token", RESOURCES)
def test_every_input_is_read_or_listed_as_echoed(
    token: str, kept: Made, aws_config: Properties
) -> None:
    known = kept[token]
    answered = Aws().connect(aws_config).resources[token].read(State(known.id, known.properties))
    unanswered = {name for name in known.inputs if answered.get(name) is None}
    assert unanswered == ECHOED.get(token, {}).keys() & known.inputs.keys()


@pytest.mark.parametrize("token", RESOURCES)
def test_what_nobody_touched_is_read_as_it_was_made(
    token: str, kept: Made, provider: Provider
) -> None:
    found = _read(provider, token, kept[token])
    assert found.inputs == kept[token].inputs
    assert found.properties == kept[token].properties


@pytest.mark.parametrize(
    "by_hand", CHANGES, ids=lambda by_hand: f"{by_hand.token}-{[*by_hand.shown]}"
)
def test_change_by_hand_is_seen_and_undone(
    by_hand: ByHand, kept: Made, provider: Provider, aws: Session
) -> None:
    token, known = by_hand.token, kept[by_hand.token]
    by_hand.change(aws, kept)
    found = _read(provider, token, known)
    assert _changed(known.inputs, found.inputs) == by_hand.shown
    assert _changed(known.properties, found.properties).items() >= by_hand.shown.items()
    if by_hand.shown.keys() & RESOURCES[token].replaced_by:
        return
    provider.update(token, found, known.inputs)
    assert _read(provider, token, known).inputs == known.inputs


@pytest.mark.parametrize("token", DELETIONS)
def test_what_was_deleted_by_hand_is_gone(token: str, deleted: Made, provider: Provider) -> None:
    assert _read(provider, token, deleted[token]) == Found("", {}, {})


def test_table_is_imported_with_its_settings(kept: Made, provider: Provider) -> None:
    assert provider.read(TABLE, kept[TABLE].id, {}).inputs == kept[TABLE].inputs
