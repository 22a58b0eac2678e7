"""What a function of the pipeline can be connected to, and told."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import pulumi

from components.aws.function_role import FunctionRole
from components.aws.lambda_function import LambdaPlatform
from components.aws.rest_api import RestApi
from components.aws.websocket_api import WebSocketApi
from components.edge.target import EdgeTarget
from components.edge.verification import listener_secrets, listener_variables
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

    def metrics_environment(self) -> Mapping[str, pulumi.Input[str] | None]:
        """Of which stack a function's metrics are."""
        return {env.STACK: self.platform.prefix}

    def listener_environment(self) -> Mapping[str, pulumi.Input[str] | None]:
        """How access tokens are verified, and of which stack the metric of that is."""
        tokens = self.settings.listeners.access_tokens
        return {
            **self.metrics_environment(),
            **listener_variables(tokens),
            **listener_secrets(tokens),
        }

    @property
    def listeners_are_verified(self) -> bool:
        return self.settings.listeners.access_tokens.are_required

    def routes_environment(self) -> Mapping[str, pulumi.Input[str] | None]:
        """Where the routing item is, and what holds until it was read.

        The policy itself is not told: a change of it redeploys no function.
        """
        return {
            env.ROUTES_TABLE: self.storage.routes.table.name,
            env.USE_EDGE_BROADCAST: flag(is_on=self.settings.routing.policy.edge_is_on),
        }

    def store_rights(self) -> Sequence[Callable[[FunctionRole], None]]:
        """What a function needs to take trades in: to price them in dollars, to pass the gate, and to store
        each once."""
        storage = self.storage
        return [
            storage.prices.allow_append_prices,
            storage.prices.allow_read_prices,
            storage.prices.allow_release_suspects,
            storage.later.allow_send,
            storage.routes.allow_note_tokens,
            storage.routes.allow_follow_with_rate,
        ]

    def store_environment(self) -> Mapping[str, pulumi.Input[str] | None]:
        """Where trades are stored, for how long, and what is done with a suspect."""
        stream = self.settings.stream
        return {
            env.PRICES_TABLE: self.storage.prices.prices.name,
            env.PRICE_RETENTION_SECONDS: str(stream.price_retention_seconds),
            env.MAX_PRICE_JUMP: str(stream.max_price_jump),
            env.SOL_USD_MAX_AGE_SECONDS: str(self.settings.quotes.sol_usd_max_age_seconds),
            env.LATER_QUEUE_URL: self.storage.later.queue.url,
        }

    def publish_rights(self) -> Sequence[Callable[[FunctionRole], None]]:
        """What a function needs to publish updates on every path, beside reading the routes."""
        storage = self.storage
        return [
            storage.updates.allow_send,
            storage.undelivered.allow_send,
            storage.routes.allow_report_health,
            storage.route_tasks.allow_send,
        ]

    def publish_environment(self) -> Mapping[str, pulumi.Input[str] | None]:
        """Where updates are published to, and by which routes."""
        return {
            env.BROADCAST_QUEUE_URL: self.storage.updates.queue.url,
            env.EDGE_RETRY_QUEUE_URL: self.storage.undelivered.queue.url,
            env.ROUTE_QUEUE_URL: self.storage.route_tasks.queue.url,
            **self.routes_environment(),
            **self.edge.environment,
        }

    def post_rights(self) -> Sequence[Callable[[FunctionRole], None]]:
        """What a function needs to post to connections, at the rate that is left for it."""
        return [self.websocket.allow_post, self.storage.prices.allow_lease_posts]

    def post_environment(self) -> Mapping[str, pulumi.Input[str] | None]:
        """Where connections are posted to, and how many posts all functions together may make."""
        return {
            env.CONNECTIONS_TABLE: self.storage.prices.connections.name,
            env.WEBSOCKET_CALLBACK_URL: self.websocket.callback_url,
            env.POSTS_PER_SECOND: str(self.settings.posting.posts_per_second),
            env.POSTING_PROCESSES: str(self.settings.posting.processes),
        }

    def listed_origins(self) -> Mapping[str, Sequence[str]]:
        """The web origins that may connect and read, with that of the edge: its test page does."""
        own = [] if self.edge.url is None else [self.edge.url]
        return {
            env.ALLOWED_ORIGINS: list(
                dict.fromkeys([*self.settings.listeners.allowed_origins, *own])
            )
        }

    def listed_tokens(self) -> Mapping[str, Sequence[str]]:
        """Which tokens are served; none means every one."""
        return {env.TOKENS: self.settings.stream.tokens}


def flag(*, is_on: bool) -> str:
    """A flag as functions/environment.py reads it."""
    return "true" if is_on else "false"
