"""A secret that two sides share, over its rotation."""

from dataclasses import dataclass

import pulumi


@dataclass(frozen=True, kw_only=True)
class BearerSecret:
    """A shared secret; the previous one is accepted too while it is being rotated."""

    current: pulumi.Input[str] | None
    previous: pulumi.Input[str] | None
