"""Helius's webhook API (/v0/webhooks), as far as the stack uses it.

The key travels in the query, so no URL may reach a log or an error. Each call costs 100 credits.
"""

import logging
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, TypeVar

import httpx
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

_PATH: Final = "/v0/webhooks"
_TIMEOUT_SECONDS: Final = 20
# Waits before each further try. A create that was not answered is not tried again: it may have worked,
# and the next `up` then takes over what it made.
_PAUSES_SECONDS: Final = (1, 3, 9)
_BUSY: Final = frozenset({429, 500, 502, 503, 504})
_UNDONE: Final = frozenset({429})
_MAX_SAID: Final = 300


class HeliusError(Exception):
    """Helius did not do what it was asked. The text never holds the key."""


class _BusyError(HeliusError):
    """The same may be answered later."""


class _MissingError(HeliusError):
    """There is no such webhook."""


class Registered(BaseModel):
    """A webhook as Helius tells it. A field that it leaves out is None."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    id: str = Field(alias="webhookID")
    url: str = Field(alias="webhookURL")
    type: str | None = Field(default=None, alias="webhookType")
    transaction_types: list[str] | None = Field(default=None, alias="transactionTypes")
    addresses: list[str] | None = Field(default=None, alias="accountAddresses")
    authorization: str | None = Field(default=None, alias="authHeader")
    active: bool = True


_Parsed = TypeVar("_Parsed")
_ONE: Final = TypeAdapter(Registered)
_LIST: Final = TypeAdapter(list[Registered])


@dataclass(frozen=True)
class HeliusApi:
    """`origin` is that of the API; the methods raise HeliusError."""

    origin: str
    key: str = field(repr=False)
    sleep: Callable[[float], None] = time.sleep

    def __post_init__(self) -> None:
        # At level INFO it logs each URL, and so the key.
        logging.getLogger("httpx").setLevel(logging.WARNING)

    def all(self) -> list[Registered]:
        return _parsed(_LIST, self._ask("GET", ""))

    def get(self, webhook_id: str) -> Registered | None:
        """The webhook; None if there is none with this id."""
        try:
            return _parsed(_ONE, self._ask("GET", f"/{webhook_id}"))
        except _MissingError:
            return None

    def create(self, body: Mapping[str, object]) -> Registered:
        return _parsed(_ONE, self._ask("POST", "", body))

    def replace(self, webhook_id: str, body: Mapping[str, object]) -> Registered:
        """Give the webhook all the fields of `body`."""
        return _parsed(_ONE, self._ask("PUT", f"/{webhook_id}", body))

    def switch_on(self, webhook_id: str) -> None:
        self._ask("PATCH", f"/{webhook_id}", {"active": True})

    def delete(self, webhook_id: str) -> None:
        """Delete it; one that is gone is fine."""
        with suppress(_MissingError):
            self._ask("DELETE", f"/{webhook_id}")

    def _ask(self, method: str, path: str, body: Mapping[str, object] | None = None) -> bytes:
        for pause in _PAUSES_SECONDS:
            try:
                return self._try(method, path, body)
            except _BusyError:
                self.sleep(pause)
        return self._try(method, path, body)

    def _try(self, method: str, path: str, body: Mapping[str, object] | None) -> bytes:
        try:
            answer = httpx.request(
                method,
                f"{self.origin}{_PATH}{path}",
                params={"api-key": self.key},
                json=body,
                timeout=_TIMEOUT_SECONDS,
                follow_redirects=False,  # the key would go along
            )
        except httpx.HTTPError as error:
            # Only the name of its class: its text, and its cause, may hold the URL.
            what = f"{self.origin} did not answer {method} {_PATH}: {type(error).__name__}"
            kind = HeliusError if method == "POST" else _BusyError
            raise kind(f"{what}. Run it again; what was done by then is found.") from None
        if answer.is_success:
            return answer.content
        refusal = self._refusal(method, path, body, answer)
        if answer.status_code == 404:
            raise _MissingError(refusal)
        if answer.status_code in (_UNDONE if method == "POST" else _BUSY):
            raise _BusyError(refusal)
        raise HeliusError(refusal)

    def _refusal(
        self, method: str, path: str, body: Mapping[str, object] | None, answer: httpx.Response
    ) -> str:
        said = answer.text.replace(self.key, "<HeliusApiKey>")
        secret = (body or {}).get("authHeader")
        if isinstance(secret, str):
            said = said.replace(secret, "<authHeader>")
        said = said[:_MAX_SAID]
        remedy = {
            401: ". Is glow:HeliusApiKey the key of the dashboard? If it is new, `pulumi up` comes first",
            403: ". Is glow:HeliusApiKey the key of the dashboard, and may its plan do this?",
            404: ". It was deleted by hand: run `pulumi refresh`, then `pulumi up`",
            429: ". Helius is asked too often: wait a minute, then run it again",
        }.get(answer.status_code, "")
        return f"Helius answered {answer.status_code} to {method} {_PATH}{path}: {said}{remedy}"


def _parsed(adapter: TypeAdapter[_Parsed], answer: bytes) -> _Parsed:
    try:
        return adapter.validate_json(answer)
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, problem["loc"]))
        raise HeliusError(
            f"Helius's answer is no webhook as the stack knows it: {where}: {problem['msg']}"
        ) from None
