"""What the AWS path is told by the program."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi

from components.aws.lambda_function import LambdaPlatform
from components.aws.rest_api import RestApi
from components.aws.throttle import Throttle
from components.aws.websocket_api import WebSocketApi
from components.bearer_secret import BearerSecret
from components.edge.target import EdgeTarget
from functions.glow.routing.policy import Policy


@dataclass(frozen=True, kw_only=True)
class Throttles:
    """How the account's quota is shared out: what these leave is the worker's to post with."""

    webhook: Throttle
    rest: Throttle
    websocket: Throttle


@dataclass(frozen=True, kw_only=True)
class AwsPipelineArgs:
    prefix: str
    """Begins every physical name: `glow-<stack>`."""
    protected: bool
    platform: LambdaPlatform
    archives: Mapping[str, pulumi.Archive]
    """The code of each function, by its module's name."""
    dependencies: pulumi.Archive
    """The layer that those share which post."""
    rest: RestApi
    websocket: WebSocketApi
    webhook_secret: BearerSecret
    edge: EdgeTarget
    edge_retry_tries: int
    """How often the edge is offered an update before that is a dead letter."""
    edge_retry_base_seconds: int
    """The wait after the first of them."""
    policy: Policy
    route_grace_seconds: int
    aws_connects_per_second: int
    tokens: Sequence[str]
    price_retention_days: int
    call_timeout_ms: int
    allowed_origins: Sequence[str]
    require_origin: bool
    throttles: Throttles
    broadcast_concurrency: int
    websocket_access_logs: bool
