"""Cloudflare's v4 API: bearer token, envelope, errors."""

import re
from dataclasses import dataclass
from typing import Final, Self, TypedDict, cast

import httpx

from local.provider.values import Properties, text

SETTINGS: Final = frozenset({"apiToken", "baseUrl", "version"})

# The real provider's check (internal/provider.go of terraform-provider-cloudflare 5.22).
TOKEN: Final = re.compile(r"[0-9A-Za-z\-_]{40,80}")

# The local cloud starts a new version twice before it answers: on trial, then to serve it.
TIMEOUT_SECONDS: Final = 60


class ApiError(Exception):
    """Cloudflare refused a request; the text is Cloudflare's."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class _Error(TypedDict):
    code: int
    message: str


class _Envelope(TypedDict):
    result: Properties | None
    success: bool
    errors: list[_Error]


@dataclass(frozen=True)
class Api:
    """A client of the API. Threads may share it."""

    http: httpx.Client

    @classmethod
    def of(cls, config: Properties) -> Self:
        """Connect to `baseUrl`; raise ValueError if it is missing, or if the token has a wrong shape.

        (The real provider would call the real Cloudflare then.)
        """
        if not TOKEN.fullmatch(text(config, "apiToken")):
            raise ValueError(
                f"cloudflare:apiToken does not match {TOKEN.pattern}, the real provider's pattern for it"
            )
        if "baseUrl" not in config:
            raise ValueError(
                "cloudflare:baseUrl is not set: the local provider never calls the real Cloudflare."
                " Set it to the local cloud's, such as http://127.0.0.1:8787/client/v4"
            )
        return cls(
            httpx.Client(
                base_url=text(config, "baseUrl"),
                headers={"Authorization": f"Bearer {text(config, 'apiToken')}"},
                timeout=TIMEOUT_SECONDS,
                trust_env=False,  # a proxy would see the token
            )
        )

    def call(
        self,
        method: str,
        path: str,
        body: Properties | None = None,
        query: dict[str, str] | None = None,
    ) -> Properties:
        """Call the API and return the result; `path` begins with `accounts/` or `zones/`.

        Raises ApiError if Cloudflare refuses the request.
        """
        response = self.http.request(method, path, json=body, params=query)
        envelope = cast("_Envelope", response.json())
        if not envelope["success"]:
            reasons = "; ".join(f"{e['message']} [code: {e['code']}]" for e in envelope["errors"])
            raise ApiError(response.status_code, f"{method} {response.url.path}: {reasons}")
        return envelope["result"] or {}

    def create(
        self,
        path: str,
        body: Properties,
        *,
        method: str = "POST",
        query: dict[str, str] | None = None,
    ) -> str:
        """Create something and return its id."""
        return text(self.call(method, path, body, query), "id")
