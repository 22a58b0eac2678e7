"""A secret that two sides share, over its rotation."""

from dataclasses import dataclass

import pulumi
from pydantic import SecretStr


@dataclass(frozen=True, kw_only=True)
class BearerSecret:
    """A shared secret. While it is being rotated, the previous one is accepted too."""

    current: pulumi.Input[str] | None
    previous: pulumi.Input[str] | None

    @classmethod
    def encrypted(cls, *, current: SecretStr | None, previous: SecretStr | None) -> "BearerSecret":
        """The secrets of config, which Pulumi keeps out of state, previews and logs."""
        return cls(current=_encrypted(current), previous=_encrypted(previous))


def _encrypted(secret: SecretStr | None) -> pulumi.Output[str] | None:
    return None if secret is None else pulumi.Output.secret(secret.get_secret_value())
