"""The edge as the functions see it that post to it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi

from components.settings.bearer_secret import BearerSecret
from functions import environment as env


@dataclass(frozen=True, kw_only=True)
class EdgeTarget:
    """Where updates are posted to while the edge broadcasts them."""

    url: str | None
    secret: BearerSecret
    deployed: Sequence[pulumi.Resource] = ()
    """What expects the secret: it must do so before a function sends it."""

    @property
    def environment(self) -> Mapping[str, pulumi.Input[str] | None]:
        """What a function needs to post there."""
        return {
            env.EDGE_BROADCAST_URL: self.url,
            env.EDGE_BROADCAST_SECRET: self.secret.current,
            env.EDGE_BROADCAST_SECRET_PREVIOUS: self.secret.previous,
        }
