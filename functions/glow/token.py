"""Tokens and signatures of the wire, checked before they reach a key, a URL or a log."""

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from functions.glow.errors import BadRequest, UnknownToken

# Anchored as the contract writes them, for schemas and JavaScript. Here they are used with
# fullmatch: `$` alone would let a trailing newline through.
TOKEN_PATTERN: Final = r"^[A-Za-z0-9_-]{1,64}$"  # noqa: S105  a pattern, no password
SIGNATURE_PATTERN: Final = r"^[A-Za-z0-9]{1,88}$"

PROBE_TOKEN: Final = "glow-verify"  # noqa: S105  a name
"""Reserved for `ops verify`. Every stack streams it, on each path that is on, and no list of tokens has it.
With its hyphen it can be no mint. worker/served.js knows it, too."""

_TOKEN = re.compile(TOKEN_PATTERN, re.ASCII)
_SIGNATURE = re.compile(SIGNATURE_PATTERN, re.ASCII)
_NO_SYMBOLS: Final[Mapping[str, str]] = MappingProxyType({})
_SHOWN_LENGTH: Final = 80
_SHOWN_BELOW: Final = 10**20


def parse_token(value: object, *, where: str) -> str:
    """The token in `value`. Raises BadRequest that names `where`."""
    if isinstance(value, str) and _TOKEN.fullmatch(value):
        return value
    raise BadRequest(
        f"{where} must be a mint or a token name of 1 to 64 letters, digits, '_' or '-';"
        f" got {shown(value)}"
    )


def require_distinct(tokens: Sequence[str], name: str) -> None:
    """Raises BadRequest if the list `name` has a token twice."""
    for index, token in enumerate(tokens):
        if token in tokens[:index]:
            raise BadRequest(f"{name}[{index}] names {token} again; name each token once")


def parse_signature(value: object, *, where: str) -> str:
    """The transaction signature in `value`. Raises BadRequest that names `where`."""
    if isinstance(value, str) and _SIGNATURE.fullmatch(value):
        return value
    raise BadRequest(
        f"{where} must be a transaction signature of 1 to 88 letters and digits; got {shown(value)}"
    )


def require_known(
    token: str, tokens: frozenset[str], symbols: Mapping[str, str] = _NO_SYMBOLS
) -> str:
    """`token`, if the stack streams it; where `tokens` is empty it streams every one.

    `symbols` leads from what config calls a token to what it is on the wire.
    """
    if not tokens or token in tokens or token == PROBE_TOKEN:
        return token
    if token in symbols:
        raise UnknownToken(
            f"token {token} is a symbol; on the wire it is {symbols[token]}", token=token
        )
    raise UnknownToken(
        f"token {token} is not streamed by this stack; add it to glow:tokens or use one of those",
        token=token,
    )


def parse_listed(entry: str) -> tuple[str | None, str]:
    """Symbol and token of an entry in the list of tokens: `SYMBOL=token`, or a token alone."""
    symbol, equals, token = entry.partition("=")
    return (symbol, token) if equals else (None, symbol)


def listed(symbol: str, token: str) -> str:
    """As `parse_listed` reads it; a symbol that cannot be asked for on the wire is left out."""
    is_asked_for = symbol != token and _TOKEN.fullmatch(symbol)
    return f"{symbol}={token}" if is_asked_for else token


def shown(value: object) -> str:
    """`value` as an error message shows it: short, printable, safe for a log.

    Only texts and small numbers are shown: repr() of a deep array or a huge number raises.
    """
    if isinstance(value, str):
        return repr(value if len(value) <= _SHOWN_LENGTH else f"{value[:_SHOWN_LENGTH]}…")
    if isinstance(value, int):
        return str(value) if abs(value) < _SHOWN_BELOW else "a huge number"
    return "nothing" if value is None else f"a {type(value).__name__}"
