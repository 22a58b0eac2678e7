"""A Worker gains a Durable Object class, loses it by mistake, then on purpose.

Each fixture is one step and returns what was observed then, so the tests can run in any order.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest

from tests.provider.cloudflare_engine import PROGRAM, Engine, EngineError, LocalCloudflare

pytestmark = pytest.mark.engine

COUNTER = (PROGRAM / "code" / "classes.js").read_text()
COUNTER_AND_TALLY = f"{COUNTER}\nexport class Tally extends Counter {{}}\n"


@dataclass(frozen=True)
class Seen:
    """The resources that one step replaced, and the objects' counts after it."""

    replaced: set[str]
    count: int
    tally: int | None


@dataclass(frozen=True)
class Deployment:
    """The engine and the cloud on which the steps run."""

    engine: Engine
    cloudflare: LocalCloudflare

    def up(self, *options: str) -> Seen:
        """Deploy, then ask the Worker. Each request adds one to its counts."""
        done = self.engine.up(*options)
        answer = httpx.get(self.cloudflare.ready["worker"]).raise_for_status().json()
        return Seen(done.names("replaced"), answer["count"], answer.get("tally"))

    def declare(self, code: str, **states: str | None) -> None:
        """Set the classes in the code and those that the program declares."""
        self.engine.write_code("classes.js", code)
        self.engine.configure("classes", json.dumps(states))


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    with (
        LocalCloudflare(tmp_path_factory.mktemp("cloudflare")) as cloudflare,
        Engine(tmp_path_factory.mktemp("engine"), cloudflare.ready) as engine,
    ):
        engine.configure("place", "here")
        engine.configure("token", "unused", secret=True)
        yield Deployment(engine, cloudflare)


@pytest.fixture(scope="module")
def one_class(deployment: Deployment) -> Seen:
    return deployment.up()


@pytest.fixture(scope="module")
def second_class(deployment: Deployment, one_class: Seen) -> Seen:
    assert one_class
    deployment.declare(COUNTER_AND_TALLY, Counter=None, Tally=None)
    return deployment.up()


@pytest.fixture(scope="module")
def second_class_again(deployment: Deployment, second_class: Seen) -> Seen:
    assert second_class
    return deployment.up("--expect-no-changes")


@pytest.fixture(scope="module")
def forgotten(deployment: Deployment, second_class_again: Seen) -> str:
    """The engine's error when a class is missing from `exports`."""
    assert second_class_again
    deployment.declare(COUNTER, Counter=None)
    with pytest.raises(EngineError) as refusal:
        deployment.engine.up()
    return str(refusal.value)


@pytest.fixture(scope="module")
def remembered(deployment: Deployment, forgotten: str) -> Seen:
    """The program of before the error, deployed again."""
    assert forgotten
    deployment.declare(COUNTER_AND_TALLY, Counter=None, Tally=None)
    return deployment.up("--expect-no-changes")


@pytest.fixture(scope="module")
def deleted(deployment: Deployment, remembered: Seen) -> Seen:
    assert remembered
    deployment.declare(COUNTER, Counter=None, Tally="deleted")
    return deployment.up()


@pytest.fixture(scope="module")
def deleted_again(deployment: Deployment, deleted: Seen) -> Seen:
    assert deleted
    return deployment.up("--expect-no-changes")


@pytest.fixture(scope="module")
def without_tombstone(deployment: Deployment, deleted_again: Seen) -> Seen:
    assert deleted_again
    deployment.declare(COUNTER, Counter=None)
    return deployment.up()


@pytest.fixture(scope="module")
def reborn(deployment: Deployment, without_tombstone: Seen) -> Seen:
    assert without_tombstone
    deployment.declare(COUNTER_AND_TALLY, Counter=None, Tally=None)
    return deployment.up()


def test_a_second_class_is_one_new_version_and_the_first_keeps_its_objects(
    one_class: Seen, second_class: Seen
) -> None:
    assert one_class == Seen(set(), count=1, tally=None)
    assert second_class == Seen({"version"}, count=2, tally=1)


def test_the_same_classes_again_make_no_version(second_class_again: Seen) -> None:
    assert second_class_again == Seen(set(), count=3, tally=2)


def test_a_class_that_vanishes_is_refused_and_both_keep_their_objects(
    forgotten: str, remembered: Seen
) -> None:
    assert "[code: 100402]" in forgotten
    assert "Class Tally holds storage, but exports does not mention it" in forgotten
    assert remembered == Seen(set(), count=4, tally=3)


def test_a_tombstone_is_one_new_version_and_the_other_class_keeps_its_objects(
    deleted: Seen, deleted_again: Seen
) -> None:
    assert deleted == Seen({"version"}, count=5, tally=None)
    assert deleted_again == Seen(set(), count=6, tally=None)


def test_a_tombstone_can_be_dropped_afterwards(without_tombstone: Seen) -> None:
    assert without_tombstone == Seen({"version"}, count=7, tally=None)


def test_a_deleted_class_has_lost_its_objects(reborn: Seen) -> None:
    assert reborn == Seen({"version"}, count=8, tally=1)
