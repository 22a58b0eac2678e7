"""Verifies access tokens (JWT): the signature by PyJWT, the claims by `claims`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, cast

from functions.glow import metrics
from functions.glow.errors import Unauthorized
from functions.glow.listeners.claims import Claims, parse_claims
from functions.glow.listeners.settings import ListenerKeys

if TYPE_CHECKING:
    from jwt.algorithms import AllowedPublicKeys

MAX_BYTES: Final = 4_096


class Verifier:
    """One for the life of the process. `now` is Unix time in seconds.

    What verifies is imported here: the webhook and open stacks never load it, nor HS256 the
    package `cryptography`.
    """

    def __init__(self, keys: ListenerKeys) -> None:
        from jwt import PyJWS  # noqa: PLC0415 - see above
        from jwt.exceptions import PyJWTError  # noqa: PLC0415

        self._algorithm = keys.algorithm
        self._jws = PyJWS(algorithms=[keys.algorithm])
        self._error = PyJWTError
        self._keys = _loaded(keys)

    def verify(self, access_token: str, *, now: float) -> Claims:
        """What the token says. Raises Unauthorized, TokenExpired."""
        if len(access_token) > MAX_BYTES:
            raise Unauthorized(f"the access token is over {MAX_BYTES} bytes; list fewer tokens")
        payload, place = self._payload(access_token)
        claims = parse_claims(payload, now=now)
        metrics.record(metrics.PREVIOUS_LISTENER_SECRET, int(place > 0))
        return claims

    def _payload(self, access_token: str) -> tuple[bytes, int]:
        """What it carries, and which of the keys has signed it."""
        if access_token.isascii():  # PyJWT cannot encode a lone surrogate, which JSON may hold
            for place, key in enumerate(self._keys):
                try:
                    payload = self._jws.decode(access_token, key, algorithms=[self._algorithm])
                except self._error:
                    continue
                return payload, place
        # PyJWT's own words may hold a part of the token.
        raise Unauthorized(
            f"the access token is no JWT that this stack's key has signed by {self._algorithm}"
        )


def _loaded(keys: ListenerKeys) -> Sequence[bytes | AllowedPublicKeys]:
    if keys.algorithm == "HS256":
        return [secret.encode() for secret in keys.keys]
    from cryptography.hazmat.primitives.serialization import load_pem_public_key  # noqa: PLC0415

    return [cast("AllowedPublicKeys", load_pem_public_key(pem.encode())) for pem in keys.keys]
