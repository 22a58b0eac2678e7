"""The table of access tokens against the Python code. JavaScript reads the same."""

import time
from typing import Any

import pytest

from functions.glow.errors import ForbiddenToken, Refused, TokenExpired, Unauthorized
from functions.glow.listeners.admission import Admission
from functions.glow.listeners.claims import EVERYTHING
from tests.contract.access_tokens import CASES, GOLDEN, access_token, listener_keys, made

NOW = 1_750_000_000
HEARD = [case for case in CASES if "heard" in case]
REFUSED = [case for case in CASES if "code" in case]


def named(case: dict[str, Any]) -> str:
    return str(case["name"])


def bearer(case: dict[str, Any]) -> str | None:
    return None if case["token"] is None else f"Bearer {made(case['token'], now=NOW)}"


@pytest.mark.parametrize("case", HEARD, ids=named)
def test_bearer_hears_what_the_token_lists_until_it_ends(case: dict[str, Any]) -> None:
    admission = Admission(listener_keys(case["stack"]))

    claims = admission.admit(bearer(case), now=NOW)

    assert claims.require(case["asks"]) == case["asks"]
    assert ("*" if claims.tokens is None else sorted(claims.tokens)) == case["heard"]["tokens"]
    assert claims.ends_at == NOW + case["heard"]["endsIn"]


@pytest.mark.parametrize("case", REFUSED, ids=named)
def test_refused_bearer_is_told_why_and_never_shown_the_token(case: dict[str, Any]) -> None:
    admission = Admission(listener_keys(case["stack"]))

    with pytest.raises(Refused) as refused:
        admission.admit(bearer(case), now=NOW).require(case["asks"])

    assert (refused.value.code, refused.value.status) == (
        case["code"],
        GOLDEN["status"][case["code"]],
    )
    for part in (bearer(case) or "").removeprefix("Bearer ").split("."):
        assert len(part) < 20 or part not in str(refused.value)


def test_every_code_of_the_table_is_an_error_of_the_core() -> None:
    errors = {error.code: error.status for error in (Unauthorized, TokenExpired, ForbiddenToken)}

    assert errors == GOLDEN["status"]


def test_open_stack_admits_everybody() -> None:
    assert Admission(None).admit(None, now=NOW) is EVERYTHING


@pytest.mark.parametrize("secret", ["the-current-secret", "the-one-before"])
def test_our_own_rooms_read_everything_with_what_they_post_by(secret: str) -> None:
    trusted = ("the-current-secret", "the-one-before")
    admission = Admission(listener_keys("HS256"), trusted=trusted)

    assert admission.admit(f"Bearer {secret}", now=NOW) is EVERYTHING


def test_keys_are_not_shown_where_settings_are() -> None:
    assert "the-secret" not in repr(listener_keys("HS256"))


@pytest.mark.parametrize("header", ["bearer {}", "BEARER  {}", " Bearer {} "])
def test_scheme_is_read_in_any_case(header: str) -> None:
    admission = Admission(listener_keys("HS256"))
    token = access_token(["SOL"], ends_in=60)

    assert admission.admit(header.format(token), now=time.time()).tokens == {"SOL"}


@pytest.mark.parametrize("header", ["", "Basic dXNlcg==", "Bearer", "Bearer ", "token"])
def test_header_without_a_bearer_says_what_it_must_be(header: str) -> None:
    with pytest.raises(Unauthorized, match="must be `Bearer <access token of the app>`"):
        Admission(listener_keys("HS256")).admit(header, now=NOW)
