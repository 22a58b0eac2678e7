"""The messages to a WebSocket client, except prices: those are made by `frames`."""

import json

from functions.glow.paths import Path
from functions.glow.prices.replay import Gap


def subscribed(token: str) -> str:
    return _message("SUBSCRIBED", token=token)


def unsubscribed(token: str) -> str:
    return _message("UNSUBSCRIBED", token=token)


def pong() -> str:
    return _message("pong")


def gap(token: str, gap_: Gap) -> str:
    return _message("GAP", token=token, after=gap_.after, until=gap_.until)


def moved(token: str, path: Path, url: str, *, after: str | None, jitter_ms: int) -> str:
    """`token` is served at `url` now. A client that keeps no cursor resumes with `after`."""
    return _message("MOVED", token=token, path=path, url=url, after=after, jitterMs=jitter_ms)


def error(code: str, message: str) -> str:
    return _message("ERROR", code=code, message=message)


def _message(type_: str, **fields: object) -> str:
    return json.dumps({"type": type_, **fields}, separators=(",", ":"))
