"""The app's proof that it may listen: a JWT of its own back end. It is kept until it is refused or old."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from typing import Final, cast

from .errors import Unreachable

GetToken = Callable[[], str | Awaitable[str]]

ASKS_FOR_ANOTHER: Final = frozenset({"UNAUTHORIZED", "TOKEN_EXPIRED"})
"""Codes with which the stack asks for another one."""


# With an app's back end that is slow, or an app that never answers.
_PATIENCE_SECONDS: Final = 30.0


class Grant:
    """What `get_token` gave at one time. It is compared by identity, so that whoever was refused with
    an older one drops no newer one."""

    def __init__(self, access: "Pass") -> None:
        self._access = access
        self._asking = asyncio.ensure_future(access.ask())

    async def text(self) -> str:
        """Raises Unreachable if the app has none to give."""
        try:
            # Several may wait for it, and one that is cancelled must not end it for the others.
            return await asyncio.shield(self._asking)
        except Unreachable:
            if self._access.aged is None:
                raise
            return self._access.aged

    @property
    def given(self) -> str | None:
        """None if the app has not given one, or not yet."""
        is_given = self._asking.done() and not self._asking.cancelled()
        return self._asking.result() if is_given and self._asking.exception() is None else None

    @property
    def has_failed(self) -> bool:
        return self._asking.done() and self.given is None


class Pass:
    def __init__(self, get_token: GetToken) -> None:
        self._get_token = get_token
        self._kept: Grant | None = None
        self.aged: str | None = None
        """One that is old and was not refused: it serves as long as the app has no other."""

    def get(self) -> Grant:
        if self._kept is None or self._kept.has_failed:
            self._kept = Grant(self)
        return self._kept

    def age(self, grant: Grant) -> None:
        """`grant` is old."""
        if self._kept is grant and grant.given is not None:
            self._kept, self.aged = None, grant.given

    def drop(self, grant: Grant) -> None:
        """`grant` was refused."""
        if self._kept is grant:
            self._kept = None
        self.aged = None

    async def ask(self) -> str:
        """What the app gives now. Raises Unreachable."""
        patience = asyncio.timeout(_PATIENCE_SECONDS)
        try:
            async with patience:
                given = self._get_token()
                token = cast("object", await given if inspect.isawaitable(given) else given)
        except Exception as error:
            why = f"{type(error).__name__} {error}"
            if patience.expired():
                why = f"no answer for {_PATIENCE_SECONDS:g} s"
            raise Unreachable(f"get_token failed: {why}") from error
        if isinstance(token, str) and token:
            return token
        raise Unreachable("get_token must give a text")
