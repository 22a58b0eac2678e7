"""The app's proof that it may listen: a JWT of its own back end. It is kept until it is refused or old."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from typing import Final, cast

from .errors import Unreachable

GetToken = Callable[[], str | Awaitable[str]]

ASKS_FOR_ANOTHER: Final = frozenset({"UNAUTHORIZED", "TOKEN_EXPIRED"})
"""Codes with which the stack asks for another one."""


class Grant:
    """What `get_token` gave at one time. It is compared by identity, so that whoever was refused with
    an older one drops no newer one."""

    def __init__(self, get_token: GetToken) -> None:
        self._asking = asyncio.ensure_future(_asked(get_token))

    async def text(self) -> str:
        """Raises Unreachable if the app has none to give."""
        # Several may wait for it, and one that is cancelled must not end it for the others.
        return await asyncio.shield(self._asking)

    @property
    def has_failed(self) -> bool:
        return self._asking.done() and (
            self._asking.cancelled() or self._asking.exception() is not None
        )


class Pass:
    def __init__(self, get_token: GetToken) -> None:
        self._get_token = get_token
        self._kept: Grant | None = None

    def get(self) -> Grant:
        if self._kept is None or self._kept.has_failed:
            self._kept = Grant(self._get_token)
        return self._kept

    def drop(self, grant: Grant) -> None:
        """`grant` is not to be used again."""
        if self._kept is grant:
            self._kept = None


async def _asked(get_token: GetToken) -> str:
    try:
        given = get_token()
        token = cast("object", await given if inspect.isawaitable(given) else given)
    except Exception as error:
        raise Unreachable(f"get_token failed: {type(error).__name__} {error}") from error
    if isinstance(token, str) and token:
        return token
    raise Unreachable("get_token must give a text")
