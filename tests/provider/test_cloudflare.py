"""A Worker is deployed, changed, refused, lost, deployed again and destroyed.

Each fixture is one step and returns what was observed then, so the tests can run in any order.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypedDict, cast

import httpx
import pytest

from tests.provider.cloudflare_engine import Done, Engine, EngineError, LocalCloudflare

pytestmark = pytest.mark.engine

TOKEN = "open-sesame"
NEXT_TOKEN = "open-barley"
EVERYTHING = {"domain", "record", "route", "version", "worker"}


class Answer(TypedDict):
    """What the Worker answers."""

    code: str
    count: int
    greeting: str
    isKnown: bool
    place: str


@dataclass(frozen=True)
class Seen:
    """The engine's output for one step, and what the Worker answered after it."""

    done: Done
    answer: Answer


@dataclass(frozen=True)
class Refused:
    """The error of a failed deployment, and what the Worker answered after it."""

    error: str
    answer: Answer


@pytest.fixture(scope="module")
def cloudflare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloudflare]:
    with LocalCloudflare(tmp_path_factory.mktemp("cloudflare")) as cloudflare:
        yield cloudflare


@pytest.fixture(scope="module")
def engine(
    tmp_path_factory: pytest.TempPathFactory, cloudflare: LocalCloudflare
) -> Iterator[Engine]:
    with Engine(tmp_path_factory.mktemp("engine"), cloudflare.ready) as engine:
        engine.configure("place", "here")
        engine.configure("token", TOKEN, secret=True)
        yield engine


@pytest.fixture(scope="module")
def created(engine: Engine, cloudflare: LocalCloudflare) -> Seen:
    return Seen(engine.up(), ask(cloudflare, TOKEN))


@pytest.fixture(scope="module")
def unchanged(engine: Engine, created: Seen, cloudflare: LocalCloudflare) -> Seen:
    assert created
    for _ in range(8):
        engine.up("--expect-no-changes")
    engine.refresh()
    return Seen(engine.up("--expect-no-changes"), ask(cloudflare, TOKEN))


@pytest.fixture(scope="module")
def new_code(engine: Engine, unchanged: Seen, cloudflare: LocalCloudflare) -> Seen:
    assert unchanged
    engine.write_code("answer.js", 'export const answer = (seen) => ({ ...seen, code: "second" });')
    return Seen(engine.up(), ask(cloudflare, TOKEN))


@pytest.fixture(scope="module")
def new_variable(engine: Engine, new_code: Seen, cloudflare: LocalCloudflare) -> Seen:
    assert new_code
    engine.configure("place", "there")
    return Seen(engine.up(), ask(cloudflare, TOKEN))


@pytest.fixture(scope="module")
def new_secret(engine: Engine, new_variable: Seen, cloudflare: LocalCloudflare) -> Seen:
    assert new_variable
    engine.configure("token", NEXT_TOKEN, secret=True)
    return Seen(engine.up(), ask(cloudflare, NEXT_TOKEN))


@pytest.fixture(scope="module")
def refused(engine: Engine, new_secret: Seen, cloudflare: LocalCloudflare) -> Refused:
    assert new_secret
    engine.write_code("answer.js", "export const answer = (")
    with pytest.raises(EngineError) as failure:
        engine.up()
    engine.write_code("answer.js", 'export const answer = (seen) => ({ ...seen, code: "second" });')
    return Refused(str(failure.value), ask(cloudflare, NEXT_TOKEN))


@pytest.fixture(scope="module")
def restarted(engine: Engine, refused: Refused, cloudflare: LocalCloudflare) -> Seen:
    assert refused
    cloudflare.restart(empty=False)
    engine.refresh()
    return Seen(engine.up("--expect-no-changes"), ask(cloudflare, NEXT_TOKEN))


@pytest.fixture(scope="module")
def healed(engine: Engine, restarted: Seen, cloudflare: LocalCloudflare) -> Seen:
    assert restarted
    cloudflare.restart(empty=True)
    return Seen(engine.up("--refresh", "--run-program"), ask(cloudflare, NEXT_TOKEN))


@pytest.fixture(scope="module")
def destroyed(engine: Engine, healed: Seen, cloudflare: LocalCloudflare) -> httpx.Response:
    assert healed
    engine.destroy()
    return httpx.get(cloudflare.ready["worker"])


def ask(cloudflare: LocalCloudflare, token: str) -> Answer:
    """The Worker's answer to a request with this bearer token."""
    response = httpx.get(
        cloudflare.ready["worker"], headers={"Authorization": f"Bearer {token}"}
    ).raise_for_status()
    return cast("Answer", response.json())


def an_answer(code: str, count: int, place: str) -> Answer:
    """The answer to the right bearer token; the greeting is a text module."""
    return {"code": code, "count": count, "greeting": "a text", "isKnown": True, "place": place}


def test_everything_is_created_and_the_worker_answers(created: Seen) -> None:
    assert created.done.names("created") == EVERYTHING
    assert created.answer == an_answer("first", 1, "here")


def test_ten_ups_and_a_refresh_change_nothing(unchanged: Seen) -> None:
    assert unchanged.answer["count"] == 2


def test_new_code_in_the_same_file_makes_a_new_version_alone(new_code: Seen) -> None:
    assert new_code.done.names("replaced") == {"version"}
    assert new_code.done.names("updated") == set()
    assert new_code.answer["code"] == "second"


def test_a_variable_makes_a_new_version_and_settings_change_in_place(new_variable: Seen) -> None:
    assert new_variable.done.names("replaced") == {"version"}
    assert new_variable.done.names("updated") == {"record", "route", "worker"}
    assert new_variable.answer["place"] == "there"


def test_a_secret_makes_a_new_version_alone(new_secret: Seen) -> None:
    assert new_secret.done.names("replaced") == {"version"}
    assert new_secret.done.names("updated") == set()
    assert new_secret.answer["isKnown"]


def test_objects_keep_their_storage_from_version_to_version(new_secret: Seen) -> None:
    assert new_secret.answer["count"] == 5


def test_code_that_does_not_parse_fails_and_the_old_version_stays(refused: Refused) -> None:
    assert "[code: 10021]" in refused.error
    assert refused.answer == an_answer("second", 6, "there")


def test_a_restart_keeps_workers_and_objects(restarted: Seen) -> None:
    assert restarted.answer["count"] == 7


def test_an_emptied_cloud_is_filled_again(healed: Seen) -> None:
    assert healed.done.names("created") == EVERYTHING
    assert healed.answer == an_answer("second", 1, "there")


def test_destroy_leaves_nothing(destroyed: httpx.Response) -> None:
    assert destroyed.status_code == 404


def test_secrets_are_in_no_state_and_no_log(
    engine: Engine, cloudflare: LocalCloudflare, new_secret: Seen
) -> None:
    told = engine.export() + engine.provider_log + cloudflare.log + new_secret.done.printed
    assert TOKEN not in told
    assert NEXT_TOKEN not in told
    assert f'"apiToken": "{cloudflare.ready["account"]["apiToken"]}"' not in told
