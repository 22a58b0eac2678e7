"""Settings by what they are about. A component gets a group whole and reads it where it uses it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pulumi

from components.settings.access_tokens import AccessTokens
from components.settings.bearer_secret import BearerSecret
from components.settings.load import encrypted
from components.settings.model import Settings
from components.settings.values import is_address
from functions.glow.holes.turns import turn_seconds
from functions.glow.routing.policy import Policy

# How many of these workers run at once: the fewest that SQS takes, since all have little to do.
LATER_CONCURRENCY: Final = 2
COMPLETION_CONCURRENCY: Final = 2
ROUTE_CONCURRENCY: Final = 2

_DAY_SECONDS: Final = 24 * 60 * 60


@dataclass(frozen=True, kw_only=True)
class RuntimeSettings:
    """What every function runs on."""

    runtime: str
    architecture: str
    memory_mb: int
    log_retention_days: int
    is_traced: bool


@dataclass(frozen=True, kw_only=True)
class StreamSettings:
    """Which prices are streamed, how long they stay readable, and how long the webhook may take."""

    tokens: Sequence[str]
    """Mints. Empty: every token that is traded against SOL."""
    price_retention_days: int
    candle_retention_days: int
    call_timeout_ms: int
    max_price_jump: int
    """How many times above or below the last price a suspect is; 0: none is."""

    @property
    def price_retention_seconds(self) -> int:
        return self.price_retention_days * _DAY_SECONDS

    @property
    def candle_retention_seconds(self) -> int:
        return self.candle_retention_days * _DAY_SECONDS


@dataclass(frozen=True, kw_only=True)
class QuoteSettings:
    """Whom to ask for prices in US dollars, and how often."""

    url: str
    api_key: pulumi.Input[str] | None
    requests_per_minute: int
    """0: nobody is asked."""
    quiet_after_seconds: int
    sol_usd_max_age_seconds: int


@dataclass(frozen=True, kw_only=True)
class ListenerSettings:
    """Who may connect, and listen."""

    allowed_origins: Sequence[str]
    require_origin: bool
    access_tokens: AccessTokens


@dataclass(frozen=True, kw_only=True)
class RouteSettings:
    """Which path each token takes, and how fast its clients follow when it moves."""

    policy: Policy
    grace_seconds: int
    aws_connects_per_second: int
    is_guarded: bool
    """Whether a move to the edge that goes wrong is taken back by itself."""


@dataclass(frozen=True, kw_only=True)
class EdgeRetrySettings:
    """How often, and how soon, the edge is offered an update again."""

    tries: int
    base_seconds: int


@dataclass(frozen=True, kw_only=True)
class CompletionSettings:
    """Where trimmed transactions are asked for, and how many of one body."""

    rpc_url: pulumi.Input[str] | None
    """With the key in it. None: nothing is asked for."""
    per_body: int


@dataclass(frozen=True, kw_only=True)
class HoleSettings:
    """Which accounts are compared with what is stored, and how often."""

    addresses: Sequence[str]
    check_minutes: int
    """0: never."""

    @property
    def is_on(self) -> bool:
        return bool(self.addresses) and self.check_minutes > 0

    @property
    def schedule_minutes(self) -> int:
        """A schedule that rests has a rate, too."""
        return max(self.check_minutes, 1)

    @property
    def every_seconds(self) -> int:
        return self.schedule_minutes * 60

    @property
    def turn_seconds(self) -> int:
        """How long it takes until each address was looked at."""
        return turn_seconds(len(self.addresses), every_seconds=self.every_seconds)


@dataclass(frozen=True, kw_only=True)
class Throttle:
    """A token bucket of API Gateway: `rate` requests per second, `burst` at once."""

    rate: int
    burst: int


@dataclass(frozen=True, kw_only=True)
class Throttles:
    """What clients and Helius may take of the account's quota; `posting` is what these leave."""

    webhook: Throttle
    rest: Throttle
    websocket: Throttle


@dataclass(frozen=True, kw_only=True)
class PostingSettings:
    """How fast connections are posted to."""

    posts_per_second: int
    """By all functions together."""
    broadcast_concurrency: int

    @property
    def processes(self) -> int:
        """How many processes post at once: the workers. Openings come on top, but they are few posts
        each."""
        return self.broadcast_concurrency + LATER_CONCURRENCY + ROUTE_CONCURRENCY


@dataclass(frozen=True, kw_only=True)
class PipelineSettings:
    """All that the pipeline and its functions are told."""

    protect: bool
    webhook_secret: BearerSecret
    runtime: RuntimeSettings
    stream: StreamSettings
    quotes: QuoteSettings
    listeners: ListenerSettings
    routing: RouteSettings
    edge_retry: EdgeRetrySettings
    completion: CompletionSettings
    holes: HoleSettings
    throttles: Throttles
    posting: PostingSettings
    websocket_access_logs: bool


def pipeline_settings(settings: Settings) -> PipelineSettings:
    return PipelineSettings(
        protect=settings.protect,
        webhook_secret=BearerSecret.encrypted(
            current=settings.webhook_secret, previous=settings.helius_webhook_secret_previous
        ),
        runtime=RuntimeSettings(
            runtime=settings.lambda_runtime,
            architecture=settings.lambda_architecture,
            memory_mb=settings.lambda_memory_mb,
            log_retention_days=settings.log_retention_days,
            is_traced=settings.tracing,
        ),
        stream=StreamSettings(
            tokens=settings.listed_tokens,
            price_retention_days=settings.price_retention_days,
            candle_retention_days=settings.candle_retention_days,
            call_timeout_ms=settings.call_timeout_ms,
            max_price_jump=settings.max_price_jump,
        ),
        quotes=QuoteSettings(
            url=settings.jupiter_url,
            api_key=encrypted(settings.jupiter_api_key),
            requests_per_minute=settings.jupiter_rate,
            quiet_after_seconds=settings.quiet_after_seconds,
            sol_usd_max_age_seconds=settings.sol_usd_max_age_seconds,
        ),
        listeners=ListenerSettings(
            allowed_origins=settings.allowed_origins,
            require_origin=settings.require_origin,
            access_tokens=AccessTokens.of(settings),
        ),
        routing=RouteSettings(
            policy=settings.policy,
            grace_seconds=settings.routing.grace_seconds,
            aws_connects_per_second=settings.routing.aws_connects_per_second,
            is_guarded=settings.routing.auto_rollback,
        ),
        edge_retry=EdgeRetrySettings(
            tries=settings.edge_retry_tries, base_seconds=settings.edge_retry_base_seconds
        ),
        completion=CompletionSettings(
            rpc_url=encrypted(settings.rpc_url),
            per_body=settings.completions_per_body if settings.rpc_url else 0,
        ),
        holes=hole_settings(settings),
        throttles=Throttles(
            webhook=Throttle(rate=settings.webhook_rate_limit, burst=settings.webhook_burst_limit),
            rest=Throttle(rate=settings.rest_rate_limit, burst=settings.rest_burst_limit),
            websocket=Throttle(
                rate=settings.websocket_rate_limit, burst=settings.websocket_burst_limit
            ),
        ),
        posting=PostingSettings(
            posts_per_second=settings.posts_per_second,
            broadcast_concurrency=settings.broadcast_concurrency,
        ),
        websocket_access_logs=settings.websocket_access_logs,
    )


def hole_settings(settings: Settings) -> HoleSettings:
    """A token that has a name alone is no account that a node knows."""
    watched = settings.helius.watched(list(settings.tokens.values()))
    return HoleSettings(
        addresses=[address for address in watched if is_address(address)],
        check_minutes=settings.alarms.hole_check_minutes,
    )
