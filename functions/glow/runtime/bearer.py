"""Who may post: the bearer secret, compared in constant time."""

import hmac
from collections.abc import Iterable

from functions.glow.errors import Unauthorized


def require_bearer(authorization: str | None, secrets: Iterable[str]) -> None:
    """Raise Unauthorized unless `authorization` is `Bearer <one of secrets>`.

    Every secret is compared, as bytes: compare_digest raises on text outside ASCII, which anybody
    may send.
    """
    given = (authorization or "").encode("utf-8", errors="replace")
    matches = [hmac.compare_digest(given, f"Bearer {secret}".encode()) for secret in secrets]
    if not any(matches):
        state = "is missing" if not given else "does not match"
        raise Unauthorized(
            f"the header Authorization {state}: send `Bearer <HeliusWebhookSecret>`"
            " (at Helius that whole text is the webhook's authHeader)"
        )
