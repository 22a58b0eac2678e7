"""The secrets that can be rotated, and what the two steps set in config."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from pydantic import SecretStr

from components.settings.model import Settings
from ops.change import Setting
from ops.errors import OpsError

_RANDOM_BYTES: Final = 32


class Name(StrEnum):
    """Their keys in config. That of the one before ends in `Previous`."""

    WEBHOOK = "HeliusWebhookSecret"
    EDGE = "EdgeBroadcastSecret"
    LISTENER = "ListenerSecret"


@dataclass(frozen=True, kw_only=True)
class Rotation:
    """`previous` is set between the two steps."""

    name: Name
    current: str = field(repr=False)
    previous: str | None = field(repr=False)

    @classmethod
    def of(cls, settings: Settings, name: Name) -> Rotation:
        """Where the rotation of secret `name` stands. Raises OpsError if config has no such secret."""
        match name:
            case Name.WEBHOOK:  # by default it is the API key, which the first step leaves alone
                found = settings.webhook_secret, settings.helius_webhook_secret_previous
            case Name.EDGE:
                found = settings.edge_broadcast_secret, settings.edge_broadcast_secret_previous
            case Name.LISTENER:
                _require_that_it_verifies(settings)
                found = settings.listener_secret, settings.listener_secret_previous
        current, previous = map(_plain, found)
        if current is None:
            raise OpsError(
                f"Config has no {name}, so there is nothing to rotate. Set it:"
                f' pulumi config set --secret {name} "$(openssl rand -base64 32)"'
            )
        return cls(name=name, current=current, previous=previous)

    @property
    def has_begun(self) -> bool:
        return self.previous is not None

    def first_step(self) -> Sequence[Setting]:
        """A new secret; the one of now is accepted beside it."""
        new = secrets.token_urlsafe(_RANDOM_BYTES)
        return (
            Setting(key=self._previous_key, value=self.current, is_secret=True),
            Setting(key=self.name, value=new, is_secret=True),
        )

    def second_step(self) -> Sequence[Setting]:
        """The one before is accepted no more."""
        return (Setting(key=self._previous_key, value=None),)

    @property
    def _previous_key(self) -> str:
        return f"{self.name}Previous"


def _require_that_it_verifies(settings: Settings) -> None:
    if settings.listeners == "open":
        raise OpsError(
            f"glow:listeners is open: nobody shows an access token, so there is nothing to rotate. Set"
            f" another secret before you have them shown (docs/listeners.md):"
            f' pulumi config set --secret {Name.LISTENER} "$(openssl rand -base64 32)"'
        )
    if settings.listener_public_key is not None:
        raise OpsError(
            "glow:listenerPublicKey verifies access tokens, so there is no secret to rotate. The private"
            " key is the back end's: make another pair, and set its public key (docs/listeners.md)."
        )


def _plain(secret: SecretStr | None) -> str | None:
    return None if secret is None else secret.get_secret_value()
