"""Tokens and signatures: what may reach a key, a URL or a log."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.glow.errors import BadRequest, UnknownToken
from functions.glow.token import (
    PROBE_TOKEN,
    SIGNATURE_PATTERN,
    TOKEN_PATTERN,
    parse_signature,
    parse_token,
    require_known,
    shown,
)


@given(st.from_regex(TOKEN_PATTERN.replace("$", r"\Z")))
def test_token_of_the_contract_is_itself(token: str) -> None:
    assert parse_token(token, where="token") == token


@given(st.from_regex(SIGNATURE_PATTERN.replace("$", r"\Z")))
def test_signature_of_the_contract_is_itself(signature: str) -> None:
    assert parse_signature(signature, where="txSignature") == signature


@pytest.mark.parametrize(
    "value",
    [
        "",
        "a b",
        "a/b",
        "a.b",
        "SOL\n",
        "\nSOL",
        "x" * 65,
        "ü",
        "\u0661",
        "\x00",
        None,
        7,
        True,
        ["SOL"],
    ],
)
def test_what_is_no_token_is_refused_by_name(value: object) -> None:
    with pytest.raises(BadRequest, match="header x-token must be"):
        parse_token(value, where="header x-token")


@pytest.mark.parametrize(
    "value", ["", "a_b", "a-b", "abc\n", "x" * 89, "ü", "\u0661", None, 7, ["a"]]
)
def test_what_is_no_signature_is_refused_by_name(value: object) -> None:
    with pytest.raises(BadRequest, match="txSignature must be"):
        parse_signature(value, where="txSignature")


def test_empty_tokens_stream_every_token() -> None:
    assert require_known("SOL", frozenset()) == "SOL"


def test_token_beside_the_configured_ones_is_unknown() -> None:
    assert require_known("SOL", frozenset({"SOL"})) == "SOL"
    with pytest.raises(UnknownToken, match="BTC"):
        require_known("BTC", frozenset({"SOL"}))


def test_reserved_token_is_known_beside_any_that_are_configured() -> None:
    assert require_known(PROBE_TOKEN, frozenset({"SOL"})) == PROBE_TOKEN


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
    | st.just(10**5000)
    | st.text(min_size=1000)
)
def test_error_messages_show_any_value_in_one_short_printable_line(value: object) -> None:
    text = shown(value)

    assert text.isprintable()
    assert len(text) < 1000
