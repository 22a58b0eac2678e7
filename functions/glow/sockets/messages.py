"""The messages to a WebSocket client, except prices: those are made by `frames`."""

import json
from collections.abc import Sequence

from functions.glow.errors import Refused
from functions.glow.paths import Path
from functions.glow.prices.replay import Gap


def subscribed(tokens: Sequence[str], *, is_list: bool) -> str:
    return _about("SUBSCRIBED", tokens, is_list=is_list)


def unsubscribed(tokens: Sequence[str], *, is_list: bool) -> str:
    return _about("UNSUBSCRIBED", tokens, is_list=is_list)


def authorized(ends_at: int | None) -> str:
    """Until then, in Unix seconds; None: everybody may listen, for ever."""
    return _message("AUTHORIZED", expiresAt=ends_at)


def pong() -> str:
    return _message("pong")


def gap(token: str, gap_: Gap) -> str:
    return _message("GAP", token=token, after=gap_.after, until=gap_.until)


def moved(
    token: str, path: Path, url: str, *, live_url: str, after: str | None, jitter_ms: int
) -> str:
    """`token` is served at `url` now, and by a socket of many tokens at `live_url`. A client that
    keeps no cursor resumes with `after`."""
    place = {"path": path, "url": url, "liveUrl": live_url}
    return _message("MOVED", token=token, **place, after=after, jitterMs=jitter_ms)


def error(code: str, message: str, *, token: str | None = None) -> str:
    """Names the token if only that one is refused: a connection may listen to many."""
    about = {} if token is None else {"token": token}
    return _message("ERROR", code=code, message=message, **about)


def refusal(refused: Refused) -> str:
    return error(refused.code, str(refused), token=refused.token)


def _about(type_: str, tokens: Sequence[str], *, is_list: bool) -> str:
    """A command that lists tokens is answered with a list."""
    return _message(type_, tokens=tokens) if is_list else _message(type_, token=tokens[0])


def _message(type_: str, **fields: object) -> str:
    return json.dumps({"type": type_, **fields}, separators=(",", ":"))
