"""What verifies access tokens is told: the same names in a function's environment and the worker's."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi

from components.settings.load import encrypted
from components.settings.model import Settings
from functions import environment as env


@dataclass(frozen=True, kw_only=True)
class AccessTokens:
    """How listeners are verified. On an open stack there is nothing to tell."""

    variables: Mapping[str, str] = field(default_factory=dict[str, str])
    secrets: Mapping[str, pulumi.Input[str]] = field(default_factory=dict[str, pulumi.Input[str]])

    @property
    def are_required(self) -> bool:
        return bool(self.variables)

    @property
    def environment(self) -> Mapping[str, pulumi.Input[str]]:
        return {**self.variables, **self.secrets}

    @classmethod
    def of(cls, settings: Settings) -> "AccessTokens":
        if settings.listeners == "open":
            return cls()
        key = settings.listener_public_key
        if key is not None:
            return cls(
                variables={
                    env.LISTENERS: "token",
                    env.LISTENER_ALGORITHM: key.algorithm,
                    env.LISTENER_PUBLIC_KEY: key.pem,
                }
            )
        secrets = {
            env.LISTENER_SECRET: encrypted(settings.listener_secret),
            env.LISTENER_SECRET_PREVIOUS: encrypted(settings.listener_secret_previous),
        }
        return cls(
            variables={env.LISTENERS: "token", env.LISTENER_ALGORITHM: "HS256"},
            secrets={name: secret for name, secret in secrets.items() if secret is not None},
        )
