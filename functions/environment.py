"""The environment of the Lambda functions: each variable's name, and how it is read.

The names are constants because `components/` sets what the functions read. Each function
gets only the variables that it uses, so a missing one is an error when it is read, not before.

All variables together have 4 KB, so what config lists comes in a file of the function's archive.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

from functions.glow.listeners.settings import ALGORITHMS, Algorithm, ListenerKeys
from functions.glow.routing.endpoints import Endpoints
from functions.glow.routing.policy import Policy
from functions.glow.routing.settings import (
    EdgeAccess,
    GuardSettings,
    ItemSettings,
    WalkSettings,
)
from functions.glow.sockets.budget import Quota
from functions.glow.sockets.settings import PostSettings
from functions.glow.token import parse_listed
from functions.glow.trades.settings import EdgePublishSettings, PublishSettings

STACK: Final = "STACK"
PRICES_TABLE: Final = "PRICES_TABLE"
CONNECTIONS_TABLE: Final = "CONNECTIONS_TABLE"
CANDLES_TABLE: Final = "CANDLES_TABLE"
BROADCAST_QUEUE_URL: Final = "BROADCAST_QUEUE_URL"
BROADCAST_DEAD_LETTER_QUEUE_URL: Final = "BROADCAST_DEAD_LETTER_QUEUE_URL"
BROADCAST_TRIES: Final = "BROADCAST_TRIES"
LATER_QUEUE_URL: Final = "LATER_QUEUE_URL"
LATER_DEAD_LETTER_QUEUE_URL: Final = "LATER_DEAD_LETTER_QUEUE_URL"
LATER_TRIES: Final = "LATER_TRIES"
POSTS_PER_SECOND: Final = "POSTS_PER_SECOND"
POSTING_PROCESSES: Final = "POSTING_PROCESSES"
EDGE_RETRY_QUEUE_URL: Final = "EDGE_RETRY_QUEUE_URL"
EDGE_RETRY_DEAD_LETTER_QUEUE_URL: Final = "EDGE_RETRY_DEAD_LETTER_QUEUE_URL"
EDGE_RETRY_TRIES: Final = "EDGE_RETRY_TRIES"
EDGE_RETRY_BASE_SECONDS: Final = "EDGE_RETRY_BASE_SECONDS"
ROUTES_TABLE: Final = "ROUTES_TABLE"
ROUTE_QUEUE_URL: Final = "ROUTE_QUEUE_URL"
ROUTE_DEAD_LETTER_QUEUE_URL: Final = "ROUTE_DEAD_LETTER_QUEUE_URL"
ROUTE_QUEUE_TRIES: Final = "ROUTE_QUEUE_TRIES"
ROUTE_ALARM: Final = "ROUTE_ALARM"
ROUTE_GRACE_SECONDS: Final = "ROUTE_GRACE_SECONDS"
AWS_CONNECTS_PER_SECOND: Final = "AWS_CONNECTS_PER_SECOND"
WEBSOCKET_URL: Final = "WEBSOCKET_URL"
WEBSOCKET_CALLBACK_URL: Final = "WEBSOCKET_CALLBACK_URL"
REQUIRE_ORIGIN: Final = "REQUIRE_ORIGIN"
HELIUS_WEBHOOK_SECRET: Final = "HELIUS_WEBHOOK_SECRET"  # noqa: S105 - a name
HELIUS_WEBHOOK_SECRET_PREVIOUS: Final = "HELIUS_WEBHOOK_SECRET_PREVIOUS"  # noqa: S105 - a name
USE_EDGE_BROADCAST: Final = "USE_EDGE_BROADCAST"
EDGE_BROADCAST_URL: Final = "EDGE_BROADCAST_URL"
EDGE_BROADCAST_SECRET: Final = "EDGE_BROADCAST_SECRET"  # noqa: S105 - a name
EDGE_BROADCAST_SECRET_PREVIOUS: Final = "EDGE_BROADCAST_SECRET_PREVIOUS"  # noqa: S105 - a name
COMPLETION_QUEUE_URL: Final = "COMPLETION_QUEUE_URL"
COMPLETION_DEAD_LETTER_QUEUE_URL: Final = "COMPLETION_DEAD_LETTER_QUEUE_URL"
COMPLETION_TRIES: Final = "COMPLETION_TRIES"
COMPLETIONS_PER_BODY: Final = "COMPLETIONS_PER_BODY"
RPC_URL: Final = "RPC_URL"
HOLE_CHECK_SECONDS: Final = "HOLE_CHECK_SECONDS"
LISTENERS: Final = "LISTENERS"
LISTENER_ALGORITHM: Final = "LISTENER_ALGORITHM"
LISTENER_SECRET: Final = "LISTENER_SECRET"  # noqa: S105 - a name
LISTENER_SECRET_PREVIOUS: Final = "LISTENER_SECRET_PREVIOUS"  # noqa: S105 - a name
LISTENER_PUBLIC_KEY: Final = "LISTENER_PUBLIC_KEY"
MAX_PRICE_JUMP: Final = "MAX_PRICE_JUMP"
SOL_USD_MAX_AGE_SECONDS: Final = "SOL_USD_MAX_AGE_SECONDS"
QUIET_AFTER_SECONDS: Final = "QUIET_AFTER_SECONDS"
JUPITER_URL: Final = "JUPITER_URL"
JUPITER_API_KEY: Final = "JUPITER_API_KEY"
JUPITER_REQUESTS_PER_MINUTE: Final = "JUPITER_REQUESTS_PER_MINUTE"
PRICE_RETENTION_SECONDS: Final = "PRICE_RETENTION_SECONDS"
CANDLE_RETENTION_SECONDS: Final = "CANDLE_RETENTION_SECONDS"
CALL_TIMEOUT_MS: Final = "CALL_TIMEOUT_MS"
LISTS_PATH: Final = "LISTS_PATH"  # set by tests, instead of the file beside this module
AWS_REGION: Final = "AWS_REGION"  # set by Lambda itself

LISTS_FILE: Final = "lists.json"
"""The lists by name. Here it is empty; a stack's archives hold the stack's own."""
TOKENS: Final = "tokens"
ADDRESSES: Final = "addresses"
ALLOWED_ORIGINS: Final = "allowedOrigins"

DEFAULT_CALL_TIMEOUT_MS: Final = 200


class MisconfiguredError(RuntimeError):
    """A variable is missing or malformed. Raised while a function starts, never by a request."""


@dataclass(frozen=True, slots=True)
class Environment:
    """What a function was given, typed. `Environment(os.environ)`, or a dict in tests."""

    variables: Mapping[str, str]

    @property
    def aws_region(self) -> str:
        return self._required(AWS_REGION)

    @property
    def stack(self) -> str:
        """Of which stack its metrics are, as `glow-prod`."""
        return self._required(STACK)

    @property
    def prices_table(self) -> str:
        return self._required(PRICES_TABLE)

    @property
    def connections_table(self) -> str:
        return self._required(CONNECTIONS_TABLE)

    @property
    def candles_table(self) -> str:
        return self._required(CANDLES_TABLE)

    @property
    def broadcast_queue_url(self) -> str:
        return self._required(BROADCAST_QUEUE_URL)

    @property
    def broadcast_dead_letter_queue_url(self) -> str:
        return self._required(BROADCAST_DEAD_LETTER_QUEUE_URL)

    @property
    def broadcast_tries(self) -> int:
        """After so many tries SQS moves an update to the dead-letter queue."""
        return self._positive(BROADCAST_TRIES)

    @property
    def later_queue_url(self) -> str:
        return self._required(LATER_QUEUE_URL)

    @property
    def later_dead_letter_queue_url(self) -> str:
        return self._required(LATER_DEAD_LETTER_QUEUE_URL)

    @property
    def later_tries(self) -> int:
        """After so many tries SQS moves a message to the dead-letter queue."""
        return self._positive(LATER_TRIES)

    @property
    def post_settings(self) -> PostSettings:
        """What a function needs to post to connections."""
        return PostSettings(
            region=self.aws_region,
            connections_table=self.connections_table,
            callback_url=self.websocket_callback_url,
            quota=Quota(self._positive(POSTS_PER_SECOND), self._positive(POSTING_PROCESSES)),
        )

    @property
    def edge_retry_queue_url(self) -> str:
        return self._required(EDGE_RETRY_QUEUE_URL)

    @property
    def edge_retry_dead_letter_queue_url(self) -> str:
        return self._required(EDGE_RETRY_DEAD_LETTER_QUEUE_URL)

    @property
    def edge_retry_tries(self) -> int:
        """After so many tries SQS moves an update to the dead-letter queue."""
        return self._positive(EDGE_RETRY_TRIES)

    @property
    def edge_retry_base_seconds(self) -> int:
        """The wait after the first try; the following ones grow from it."""
        return self._positive(EDGE_RETRY_BASE_SECONDS)

    @property
    def routes_table(self) -> str:
        return self._required(ROUTES_TABLE)

    @property
    def route_queue_url(self) -> str:
        return self._required(ROUTE_QUEUE_URL)

    @property
    def route_dead_letter_queue_url(self) -> str:
        return self._required(ROUTE_DEAD_LETTER_QUEUE_URL)

    @property
    def route_queue_tries(self) -> int:
        """After so many tries SQS moves a task to the dead-letter queue."""
        return self._positive(ROUTE_QUEUE_TRIES)

    @property
    def route_grace_seconds(self) -> int:
        """How long, at least, a token that moves is published on both paths."""
        return self._positive(ROUTE_GRACE_SECONDS)

    @property
    def aws_connects_per_second(self) -> int:
        """How many clients per second connect when they move to AWS."""
        return self._positive(AWS_CONNECTS_PER_SECOND)

    @property
    def policy(self) -> Policy:
        """What holds until the routing item has been read.

        The flag alone does not tell a token's path. So a process that cannot read the item serves both.
        """
        return Policy(edge_is_on=self.edge_is_on, is_dual=self.edge_is_on)

    @property
    def endpoints(self) -> Endpoints:
        """Where clients connect. Reading it needs no secret."""
        edge_origin = self.variables.get(EDGE_BROADCAST_URL) or None
        return Endpoints(self._required(WEBSOCKET_URL), edge_origin)

    @property
    def item_settings(self) -> ItemSettings:
        """What RouteMover needs to change the routing item; RouteWorker too."""
        return ItemSettings(
            region=self.aws_region,
            routes_table=self.routes_table,
            route_queue_url=self.route_queue_url,
            tokens=self.tokens,
            edge=self._edge_access if self.edge_is_configured else None,
        )

    @property
    def guard_settings(self) -> GuardSettings:
        """What RouteGuard needs to take a change of route back."""
        return GuardSettings(
            item=self.item_settings, stack=self.stack, alarm=self._required(ROUTE_ALARM)
        )

    @property
    def walk_settings(self) -> WalkSettings:
        """What RouteWorker needs to carry a change of route out."""
        return WalkSettings(
            item=self.item_settings,
            prices_table=self.prices_table,
            posting=self.post_settings,
            endpoints=self.endpoints,
            grace_seconds=self.route_grace_seconds,
            aws_connects_per_second=self.aws_connects_per_second,
        )

    def publish_settings(self, *, edge_timeout_ms: int) -> PublishSettings:
        """What a function needs to publish on every path. A post to the edge ends in that time."""
        return PublishSettings(
            broadcast_queue_url=self.broadcast_queue_url,
            route_queue_url=self.route_queue_url,
            edge=EdgePublishSettings(
                access=self._edge_access, retry_queue_url=self.edge_retry_queue_url
            )
            if self.edge_is_configured
            else None,
            edge_timeout_ms=edge_timeout_ms,
        )

    @property
    def websocket_callback_url(self) -> str:
        return self._required(WEBSOCKET_CALLBACK_URL).rstrip("/")

    @property
    def tokens(self) -> frozenset[str]:
        """The tokens that are served; empty means every one."""
        return frozenset(token for _, token in self._listed_tokens)

    @property
    def symbols(self) -> Mapping[str, str]:
        """The tokens that config has a symbol for, by that symbol."""
        return {symbol: token for symbol, token in self._listed_tokens if symbol is not None}

    @property
    def allowed_origins(self) -> frozenset[str]:
        return frozenset(self._listed(ALLOWED_ORIGINS))

    @property
    def origin_is_required(self) -> bool:
        return self._is_true(REQUIRE_ORIGIN)

    @property
    def listener_keys(self) -> ListenerKeys | None:
        """How access tokens are verified; None: everybody may listen."""
        match self.variables.get(LISTENERS) or "open":
            case "open":
                return None
            case "token":
                algorithm = self._listener_algorithm
                keys = (
                    self._rotated(LISTENER_SECRET, LISTENER_SECRET_PREVIOUS)
                    if algorithm == "HS256"
                    else (self._required(LISTENER_PUBLIC_KEY),)
                )
                return ListenerKeys(algorithm, keys)
            case other:
                raise MisconfiguredError(f'{LISTENERS} must be "open" or "token", not "{other}".')

    @property
    def trusted_readers(self) -> tuple[str, ...]:
        """The bearers of the rooms at the edge, which read what they have missed; none: no edge."""
        return self.edge_broadcast_secrets if self.variables.get(EDGE_BROADCAST_SECRET) else ()

    @property
    def helius_webhook_secrets(self) -> tuple[str, ...]:
        """The current secret and, during a rotation, the previous one after it."""
        return self._rotated(HELIUS_WEBHOOK_SECRET, HELIUS_WEBHOOK_SECRET_PREVIOUS)

    @property
    def edge_is_on(self) -> bool:
        return self._is_true(USE_EDGE_BROADCAST)

    @property
    def edge_is_configured(self) -> bool:
        """Whether the stack has an edge to post to. It may have one while the flag is off."""
        return bool(self.variables.get(EDGE_BROADCAST_URL)) and bool(
            self.variables.get(EDGE_BROADCAST_SECRET)
        )

    @property
    def edge_broadcast_url(self) -> str:
        return self._required(EDGE_BROADCAST_URL).rstrip("/")

    @property
    def edge_broadcast_secrets(self) -> tuple[str, ...]:
        """The current secret and, during a rotation, the previous one after it."""
        return self._rotated(EDGE_BROADCAST_SECRET, EDGE_BROADCAST_SECRET_PREVIOUS)

    @property
    def completion_queue_url(self) -> str:
        return self._required(COMPLETION_QUEUE_URL)

    @property
    def completion_dead_letter_queue_url(self) -> str:
        return self._required(COMPLETION_DEAD_LETTER_QUEUE_URL)

    @property
    def completion_tries(self) -> int:
        """After so many tries SQS moves an order to the dead-letter queue."""
        return self._positive(COMPLETION_TRIES)

    @property
    def completions_per_body(self) -> int:
        """How many trimmed transactions of a body are completed; 0 where the stack has no node to ask."""
        return self._whole(COMPLETIONS_PER_BODY)

    @property
    def rpc_url(self) -> str:
        """With the key in it."""
        return self._required(RPC_URL)

    @property
    def addresses(self) -> list[str]:
        """The accounts whose transactions are streamed, as far as config lists them."""
        return self._listed(ADDRESSES)

    @property
    def hole_check_seconds(self) -> int:
        """How often somebody looks for holes."""
        return self._positive(HOLE_CHECK_SECONDS)

    @property
    def max_price_jump(self) -> int:
        """A price so many times above or below the last one is a suspect; 0: none is."""
        return self._whole(MAX_PRICE_JUMP)

    @property
    def sol_usd_max_age_seconds(self) -> int:
        """How old SOL/USD may be that gives prices one in dollars."""
        return self._positive(SOL_USD_MAX_AGE_SECONDS)

    @property
    def quiet_after_seconds(self) -> int:
        """A token that was not traded for so long is quoted."""
        return self._positive(QUIET_AFTER_SECONDS)

    @property
    def jupiter_url(self) -> str:
        return self._required(JUPITER_URL)

    @property
    def jupiter_api_key(self) -> str | None:
        """None: it is asked without one."""
        return self.variables.get(JUPITER_API_KEY) or None

    @property
    def jupiter_requests_per_minute(self) -> int:
        return self._whole(JUPITER_REQUESTS_PER_MINUTE)

    @property
    def price_retention_seconds(self) -> int:
        return self._positive(PRICE_RETENTION_SECONDS)

    @property
    def candle_retention_seconds(self) -> int:
        return self._positive(CANDLE_RETENTION_SECONDS)

    @property
    def call_timeout_ms(self) -> int:
        """Time-out of each call that the webhook makes, to AWS or to the edge."""
        if not self.variables.get(CALL_TIMEOUT_MS):
            return DEFAULT_CALL_TIMEOUT_MS
        return self._positive(CALL_TIMEOUT_MS)

    @property
    def _listener_algorithm(self) -> Algorithm:
        value = self._required(LISTENER_ALGORITHM)
        for algorithm in ALGORITHMS:
            if value == algorithm:
                return algorithm
        raise MisconfiguredError(
            f'{LISTENER_ALGORITHM} must be one of {", ".join(ALGORITHMS)}, not "{value}".'
        )

    @property
    def _edge_access(self) -> EdgeAccess:
        return EdgeAccess(self.edge_broadcast_url, self.edge_broadcast_secrets)

    @property
    def _listed_tokens(self) -> list[tuple[str | None, str]]:
        return [parse_listed(entry) for entry in self._listed(TOKENS)]

    def _required(self, name: str) -> str:
        value = self.variables.get(name)
        if not value:
            raise MisconfiguredError(
                f"The environment variable {name} is not set. The stack sets it on the functions"
                " that need it: run `pulumi up`, or grant it to this function in components/."
            )
        return value

    def _rotated(self, current: str, previous: str) -> tuple[str, ...]:
        older = self.variables.get(previous)
        return (self._required(current), older) if older else (self._required(current),)

    def _listed(self, name: str) -> list[str]:
        beside = Path(__file__).with_name(LISTS_FILE)
        path = Path(self.variables.get(LISTS_PATH) or beside)
        try:
            lists = cast("Mapping[str, list[str]]", json.loads(path.read_bytes()))
        except (OSError, ValueError) as error:
            raise MisconfiguredError(
                f"{path} cannot be read: {error}. The stack puts it into the function's archive: run"
                " `pulumi up`."
            ) from error
        return lists.get(name, [])

    def _is_true(self, name: str) -> bool:
        value = self.variables.get(name) or "false"
        if value not in ("true", "false"):
            raise MisconfiguredError(f'{name} must be "true" or "false", not "{value}".')
        return value == "true"

    def _positive(self, name: str) -> int:
        number = self._whole(name)
        if number == 0:
            raise MisconfiguredError(f'{name} must be a whole number above zero, not "0".')
        return number

    def _whole(self, name: str) -> int:
        value = self._required(name)
        if not (value.isascii() and value.isdigit()):
            raise MisconfiguredError(f'{name} must be a whole number, not "{value}".')
        return int(value)
