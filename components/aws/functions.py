"""The functions of the AWS path: what each may do, and what it is told."""

from collections.abc import Mapping, Sequence
from typing import Final

import pulumi

from components.aws.function_family import FunctionFamily
from components.aws.lambda_function import LambdaFunction
from components.aws.pipeline_args import AwsPipelineArgs
from components.aws.storage import BROADCAST_TIMEOUT_SECONDS, RETRY_TIMEOUT_SECONDS, AwsStorage
from functions import environment as env

_DAY_SECONDS: Final = 24 * 60 * 60


class AwsFunctions:
    """Declares each function once, in `parent`."""

    def __init__(
        self,
        family: FunctionFamily,
        storage: AwsStorage,
        args: AwsPipelineArgs,
        parent: pulumi.Resource,
    ) -> None:
        self._family = family
        self._storage = storage
        self._args = args
        self._parent = parent

    def webhook(self) -> LambdaFunction:
        return self._family.declare(
            "webhook",
            self._parent,
            function_name="HeliusPriceWebhook",
            after=self._args.edge.deployed,
            grants=[
                self._storage.price_store.allow_append_prices,
                self._storage.updates.allow_send,
                self._storage.debts.allow_send,
                self._storage.route_store.allow_follow,
                self._storage.route_store.allow_note_tokens,
                self._storage.route_store.allow_change,
                self._storage.route_tasks.allow_send,
            ],
            environment={
                env.PRICES_TABLE: self._storage.price_store.prices.name,
                env.PRICE_RETENTION_SECONDS: str(self._args.price_retention_days * _DAY_SECONDS),
                env.BROADCAST_QUEUE_URL: self._storage.updates.queue.url,
                env.EDGE_RETRY_QUEUE_URL: self._storage.debts.queue.url,
                env.CALL_TIMEOUT_MS: str(self._args.call_timeout_ms),
                env.TOKENS: _listed(self._args.tokens),
                env.HELIUS_WEBHOOK_SECRET: self._args.webhook_secret.current,
                env.HELIUS_WEBHOOK_SECRET_PREVIOUS: self._args.webhook_secret.previous,
                env.ROUTE_QUEUE_URL: self._storage.route_tasks.queue.url,
                **self._follow_routes(),
                **self._args.edge.environment,
            },
        )

    def broadcast(self) -> LambdaFunction:
        return self._family.declare(
            "broadcast",
            self._parent,
            function_name="BroadcastWorker",
            timeout_seconds=BROADCAST_TIMEOUT_SECONDS,
            grants=[
                self._storage.updates.allow_receive,
                self._storage.updates.allow_bury,
                self._storage.price_store.allow_read_prices,
                self._storage.price_store.allow_fan_out,
                self._args.websocket.allow_post,
                self._args.websocket.allow_disconnect,
            ],
            environment={
                env.PRICES_TABLE: self._storage.price_store.prices.name,
                env.CONNECTIONS_TABLE: self._storage.price_store.connections.name,
                env.BROADCAST_DEAD_LETTER_QUEUE_URL: self._storage.updates.dead_letters.url,
                env.WEBSOCKET_CALLBACK_URL: self._args.websocket.callback_url,
            },
        )

    def connections(self) -> LambdaFunction:
        return self._family.declare(
            "connections",
            self._parent,
            function_name="PriceConnections",
            grants=[
                self._storage.price_store.allow_subscribe,
                self._storage.price_store.allow_read_prices,
                self._storage.route_store.allow_follow,
                self._args.websocket.allow_post,
                self._args.websocket.allow_disconnect,
            ],
            environment={
                env.PRICES_TABLE: self._storage.price_store.prices.name,
                env.CONNECTIONS_TABLE: self._storage.price_store.connections.name,
                env.WEBSOCKET_URL: self._args.websocket.url,
                env.WEBSOCKET_CALLBACK_URL: self._args.websocket.callback_url,
                env.EDGE_BROADCAST_URL: self._args.edge.url,
                **self._follow_routes(),
                env.TOKENS: _listed(self._args.tokens),
                env.ALLOWED_ORIGINS: _listed(self._args.allowed_origins),
                env.REQUIRE_ORIGIN: _flag(is_on=self._args.require_origin),
            },
        )

    def prices(self) -> LambdaFunction:
        return self._family.declare(
            "prices",
            self._parent,
            function_name="PriceApi",
            has_dependencies=False,
            grants=[self._storage.price_store.allow_read_prices],
            environment={
                env.PRICES_TABLE: self._storage.price_store.prices.name,
                env.PRICE_RETENTION_SECONDS: str(self._args.price_retention_days * _DAY_SECONDS),
                env.TOKENS: _listed(self._args.tokens),
            },
        )

    def edge_retry(self) -> LambdaFunction:
        lane = self._storage.debts
        return self._family.declare(
            "edge_retry",
            self._parent,
            function_name="EdgeRetryWorker",
            after=self._args.edge.deployed,
            timeout_seconds=RETRY_TIMEOUT_SECONDS,
            grants=[lane.allow_receive, lane.allow_postpone, lane.allow_bury],
            environment={
                env.EDGE_RETRY_QUEUE_URL: lane.queue.url,
                env.EDGE_RETRY_DEAD_LETTER_QUEUE_URL: lane.dead_letters.url,
                env.EDGE_RETRY_TRIES: str(self._args.edge_retry_tries),
                env.EDGE_RETRY_BASE_SECONDS: str(self._args.edge_retry_base_seconds),
                **self._args.edge.environment,
            },
        )

    def discovery(self) -> LambdaFunction:
        return self._family.declare(
            "discovery",
            self._parent,
            function_name="Discovery",
            has_dependencies=False,
            grants=[
                self._storage.route_store.allow_follow,
                self._storage.route_store.allow_note_tokens,
            ],
            environment={
                env.WEBSOCKET_URL: self._args.websocket.url,
                env.EDGE_BROADCAST_URL: self._args.edge.url,
                env.TOKENS: _listed(self._args.tokens),
                **self._follow_routes(),
            },
        )

    def _follow_routes(self) -> Mapping[str, pulumi.Input[str] | None]:
        """Where the routing item is, and what counts while there is none."""
        return {
            env.ROUTES_TABLE: self._storage.route_store.table.name,
            env.ROUTING: self._args.policy.to_json(),
            env.USE_EDGE_BROADCAST: _flag(is_on=self._args.policy.edge_is_on),
        }


def _flag(*, is_on: bool) -> str:
    return "true" if is_on else "false"


def _listed(entries: Sequence[str]) -> str | None:
    return ",".join(entries) or None
