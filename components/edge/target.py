"""The edge, for the functions that post to it or send clients there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi

from components.settings.bearer_secret import BearerSecret
from functions import environment as env


@dataclass(frozen=True, kw_only=True)
class EdgeTarget:
    """Where the edge is, and the secret to post to it with."""

    url: str | None
    secret: BearerSecret
    deployed: Sequence[pulumi.Resource] = ()
    """What checks the secret. It has to know a new one before a function sends that."""

    @property
    def environment(self) -> Mapping[str, pulumi.Input[str] | None]:
        """What a function needs to post to the edge."""
        return {env.EDGE_BROADCAST_URL: self.url, **self.secrets}

    @property
    def secrets(self) -> Mapping[str, pulumi.Input[str] | None]:
        """What the edge knows a function by, and a function the edge."""
        return {
            env.EDGE_BROADCAST_SECRET: self.secret.current,
            env.EDGE_BROADCAST_SECRET_PREVIOUS: self.secret.previous,
        }
