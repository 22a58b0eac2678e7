"""Bearer tokens of HTTP, and secrets among them, compared in constant time."""

import hmac
import re
from collections.abc import Iterable, Sequence
from typing import Final

from functions.glow.errors import Unauthorized

_BEARER: Final = re.compile(r"Bearer +([\x21-\x7e]+)", re.IGNORECASE)


def bearer_of(authorization: str | None) -> str | None:
    """The token in the header `authorization`; None if there is none."""
    found = _BEARER.fullmatch((authorization or "").strip())
    return None if found is None else found[1]


def bearer_is_one_of(authorization: str | None, secrets: Iterable[str]) -> bool:
    """Whether `authorization` is `Bearer <one of secrets>`."""
    return any(_matches(authorization, secrets))


def require_bearer(authorization: str | None, secrets: Sequence[str]) -> str:
    """The one of `secrets` that `authorization` is `Bearer <…>` of. Raises Unauthorized."""
    matches = _matches(authorization, secrets)
    if not any(matches):
        state = "does not match" if authorization else "is missing"
        raise Unauthorized(
            f"the header Authorization {state}: send `Bearer <HeliusWebhookSecret>`"
            " (at Helius that whole text is the webhook's authHeader)"
        )
    return secrets[matches.index(True)]


def _matches(authorization: str | None, secrets: Iterable[str]) -> list[bool]:
    """For each of `secrets` whether `authorization` shows it.

    Every secret is compared, as bytes: compare_digest raises on text outside ASCII, which anybody
    may send.
    """
    given = (authorization or "").encode("utf-8", errors="replace")
    return [hmac.compare_digest(given, f"Bearer {secret}".encode()) for secret in secrets]
