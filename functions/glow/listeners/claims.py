"""What an access token says: which tokens its bearer may hear, and until when. Pure.

worker/claims.js reads the same; tests/contract/listeners.json holds both to it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, cast

from functions.glow.errors import BadRequest, ForbiddenToken, TokenExpired, Unauthorized
from functions.glow.fields import Json, as_object, parse_json
from functions.glow.token import parse_token

LEEWAY_SECONDS: Final = 30
"""The back end's clock may be so far from ours."""
MAX_LIFE_SECONDS: Final = 30 * 24 * 3_600
"""A token cannot be called back, so a stolen one must end by itself."""
MAX_SUBJECT_LENGTH: Final = 256


@dataclass(frozen=True, slots=True)
class Claims:
    """Whoever has them may hear `tokens` (None: every one) until `ends_at`, in Unix seconds (None: for
    ever)."""

    tokens: frozenset[str] | None
    ends_at: int | None
    subject: str | None = None

    def lists(self, token: str) -> bool:
        return self.tokens is None or token in self.tokens

    def require(self, token: str) -> str:
        """`token`, if it may be heard. Raises ForbiddenToken."""
        if self.lists(token):
            return token
        raise ForbiddenToken(
            f'the access token does not list {token}: its claim `tokens` must name it, or be "*"',
            token=token,
        )

    def is_over(self, now: float) -> bool:
        return self.ends_at is not None and self.ends_at <= now


EVERYTHING: Final = Claims(tokens=None, ends_at=None)
"""Everybody's on an open stack."""


def expired() -> TokenExpired:
    return TokenExpired("the access token has expired; get a fresh one from the app's back end")


def parse_claims(payload: bytes, *, now: float) -> Claims:
    """The claims in the payload of a token whose signature is good. Raises Unauthorized, TokenExpired."""
    claims = _object(payload)
    exp = _time(claims, "exp")
    if exp is None:
        raise _refusal("has no `exp`, the Unix time at which it ends")
    if exp > now + MAX_LIFE_SECONDS + LEEWAY_SECONDS:
        raise _refusal("has an `exp` that is more than 30 days ahead")
    if exp <= now - LEEWAY_SECONDS:
        raise expired()
    not_before = _time(claims, "nbf")
    if not_before is not None and not_before > now + LEEWAY_SECONDS:
        raise _refusal("has an `nbf` that is still to come")
    # One that has just ended is admitted, since its back end's clock may be behind. Then it lasts as
    # long as that could be. Any other ends when it says.
    ends_at = int(exp) if exp > now else int(exp) + LEEWAY_SECONDS
    return Claims(_tokens(claims.get("tokens")), ends_at, _subject(claims.get("sub")))


def _object(payload: bytes) -> Json:
    try:
        return as_object(parse_json(payload.decode(), where="it"), where="it")
    except (BadRequest, UnicodeDecodeError) as error:
        raise _refusal("has a payload that is no JSON object") from error


def _time(claims: Json, name: str) -> int | Decimal | None:
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return value
    raise _refusal(f"has an `{name}` that is no number of Unix seconds")


def _tokens(value: object) -> frozenset[str] | None:
    if value == "*":
        return None
    listed = cast("Sequence[object]", value) if isinstance(value, list) else ()
    try:
        tokens = frozenset(parse_token(entry, where="") for entry in listed)
    except BadRequest:
        tokens = frozenset[str]()
    if not tokens:
        raise _refusal('must have a claim `tokens`: a list of tokens as on the wire, or "*"')
    return tokens


def _subject(value: object) -> str | None:
    if value is None or (isinstance(value, str) and len(value) <= MAX_SUBJECT_LENGTH):
        return value
    raise _refusal(f"has a `sub` that is no text of up to {MAX_SUBJECT_LENGTH} characters")


def _refusal(what: str) -> Unauthorized:
    return Unauthorized(f"the access token {what}")
