"""How the access tokens of listeners are verified."""

from dataclasses import dataclass

from components.settings.bearer_secret import BearerSecret
from components.settings.model import Settings
from functions.glow.listeners.settings import Algorithm

_NOTHING = BearerSecret(current=None, previous=None)


@dataclass(frozen=True, kw_only=True)
class AccessTokens:
    """By `secret` or by `public_key`, in PEM. An `algorithm` of None is an open stack."""

    algorithm: Algorithm | None = None
    secret: BearerSecret = _NOTHING
    public_key: str | None = None

    @property
    def are_required(self) -> bool:
        return self.algorithm is not None

    @classmethod
    def of(cls, settings: Settings) -> "AccessTokens":
        if settings.listeners == "open":
            return cls()
        key = settings.listener_public_key
        if key is not None:
            return cls(algorithm=key.algorithm, public_key=key.pem)
        secret = BearerSecret.encrypted(
            current=settings.listener_secret, previous=settings.listener_secret_previous
        )
        return cls(algorithm="HS256", secret=secret)
