"""A secret that two sides share, over its rotation."""

from dataclasses import dataclass

import pulumi
from pydantic import SecretStr

from components.settings.load import encrypted


@dataclass(frozen=True, kw_only=True)
class BearerSecret:
    """A shared secret. While it is being rotated, the previous one is accepted too."""

    current: pulumi.Input[str] | None
    previous: pulumi.Input[str] | None

    @classmethod
    def encrypted(cls, *, current: SecretStr | None, previous: SecretStr | None) -> "BearerSecret":
        """The two as config holds them; Pulumi encrypts them in state and hides them in previews."""
        return cls(current=encrypted(current), previous=encrypted(previous))
