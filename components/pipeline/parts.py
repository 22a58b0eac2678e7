"""What a function of the pipeline can be connected to, and told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi

from components.aws.lambda_function import LambdaPlatform
from components.aws.rest_api import RestApi
from components.aws.websocket_api import WebSocketApi
from components.edge.target import EdgeTarget
from components.pipeline.storage import Storage
from components.settings.groups import PipelineSettings
from functions import environment as env


@dataclass(frozen=True, kw_only=True)
class PipelineParts:
    """All that is there before the functions are."""

    platform: LambdaPlatform
    settings: PipelineSettings
    storage: Storage
    rest: RestApi
    websocket: WebSocketApi
    edge: EdgeTarget

    def routes_environment(self) -> Mapping[str, pulumi.Input[str] | None]:
        """Where the routing item is, and the policy that holds while there is none."""
        policy = self.settings.routing.policy
        return {
            env.ROUTES_TABLE: self.storage.routes.table.name,
            env.ROUTING: policy.to_json(),
            env.USE_EDGE_BROADCAST: flag(is_on=policy.edge_is_on),
        }

    def origins_environment(self) -> Mapping[str, pulumi.Input[str] | None]:
        """The web origins that may connect and read, with that of the edge: its test page does."""
        own = [] if self.edge.url is None else [self.edge.url]
        origins = dict.fromkeys([*self.settings.listeners.allowed_origins, *own])
        return {env.ALLOWED_ORIGINS: listed(tuple(origins))}

    def tokens_environment(self) -> Mapping[str, pulumi.Input[str] | None]:
        """Which tokens are served; unset means every one."""
        return {env.TOKENS: listed(self.settings.stream.tokens)}


def flag(*, is_on: bool) -> str:
    """A flag as functions/environment.py reads it."""
    return "true" if is_on else "false"


def listed(entries: Sequence[str]) -> str | None:
    """A list as functions/environment.py reads it; an empty one is not set."""
    return ",".join(entries) or None
