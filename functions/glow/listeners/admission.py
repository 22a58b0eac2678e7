"""Who may read over HTTP: with the bearer of a listener, or of a room of ours that heals itself."""

from collections.abc import Sequence
from functools import wraps
from typing import Final

from functions.glow.errors import Unauthorized
from functions.glow.listeners.claims import EVERYTHING, Claims
from functions.glow.listeners.settings import ListenerKeys
from functions.glow.listeners.verifier import Verifier
from functions.glow.runtime.bearer import bearer_is_one_of, bearer_of
from functions.glow.runtime.http import HttpEvent, HttpHandler, HttpResponse

_PRIVATE: Final = "private, no-store"


class Admission:
    """`keys` is None on an open stack, where everybody may read. The bearers in `trusted` may read
    everything: the edge's, current and previous."""

    def __init__(self, keys: ListenerKeys | None, *, trusted: Sequence[str] = ()) -> None:
        self._verifier = None if keys is None else Verifier(keys)
        self._trusted = trusted

    @property
    def is_open(self) -> bool:
        return self._verifier is None

    def admit(self, authorization: str | None, *, now: float) -> Claims:
        """What the bearer of the header `authorization` may read. Raises Unauthorized, TokenExpired."""
        if self._verifier is None or bearer_is_one_of(authorization, self._trusted):
            return EVERYTHING
        access_token = bearer_of(authorization)
        if access_token is None:
            raise Unauthorized(
                "the header Authorization must be `Bearer <access token of the app>`"
            )
        return self._verifier.verify(access_token, now=now)

    def answers_privately(self, handler: HttpHandler) -> HttpHandler:
        """Have no cache keep the answers, errors too: the next caller may not be admitted."""

        @wraps(handler)
        def answer(event: HttpEvent, context: object) -> HttpResponse:
            response = handler(event, context)
            if not self.is_open:
                response["headers"]["cache-control"] = _PRIVATE
            return response

        return answer
