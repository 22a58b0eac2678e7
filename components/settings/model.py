"""The settings of a stack: each key, its meaning, its bounds. `load.py` reads them."""

from collections.abc import Mapping
from typing import Final, Literal

import pulumi
from pydantic import BaseModel, ConfigDict, Field, SecretStr
from pydantic.alias_generators import to_camel

from components.settings.alarms import Alarms, AlarmSettings
from components.settings.edge import Edge
from components.settings.helius import Helius, HeliusSettings
from components.settings.public_key import PublicKeyText
from components.settings.quota import posts_per_second
from components.settings.routing import Routing, RoutingSettings
from components.settings.values import (
    Email,
    Flag,
    JupiterRate,
    KmsKey,
    Origin,
    Origins,
    PriceJump,
    RetentionDays,
    Secret,
    SecretUrl,
    SigningSecret,
    Tokens,
)
from functions.glow.routing.policy import Policy
from functions.glow.token import listed

KEYLESS_PART: Final = 2
"""Without a key Jupiter answers one part in so many (dev.jup.ag, docs/portal/rate-limits)."""
_RANDOM: Final = '"$(openssl rand -base64 32)"'


class Settings(BaseModel):
    """One stack's config, valid as a whole. A field's first example is how its key is set."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
    )

    use_edge_broadcast: Flag = Field(
        default=False,
        alias="USE_EDGE_BROADCAST",
        description="Broadcast through Cloudflare (`true`) or through AWS (`false`).",
    )
    helius_api_key: Secret | None = Field(
        default=None,
        alias="HeliusApiKey",
        examples=['--secret HeliusApiKey "<your Helius API key>"'],
        description="Helius's API key. The webhook expects it unless `HeliusWebhookSecret` is set;"
        " one of the two is required.",
    )
    helius_webhook_secret: Secret | None = Field(
        default=None,
        alias="HeliusWebhookSecret",
        examples=[f"--secret HeliusWebhookSecret {_RANDOM}"],
        description="What the webhook expects in `Authorization: Bearer`.",
    )
    helius_webhook_secret_previous: Secret | None = Field(
        default=None,
        alias="HeliusWebhookSecretPrevious",
        examples=['--secret HeliusWebhookSecretPrevious "<the old secret>"'],
        description="While it is being rotated, the old webhook secret, which is accepted too.",
    )
    helius: Helius = Field(
        default=HeliusSettings(),
        examples=["--path helius.manageWebhook true"],
        description="The webhook at Helius; set key by key. Default: somebody registers it by hand.",
    )
    edge_broadcast_secret: Secret | None = Field(
        default=None,
        alias="EdgeBroadcastSecret",
        examples=[f"--secret EdgeBroadcastSecret {_RANDOM}"],
        description="What the edge worker expects from the functions that post to it.",
    )
    edge_broadcast_secret_previous: Secret | None = Field(
        default=None,
        alias="EdgeBroadcastSecretPrevious",
        examples=['--secret EdgeBroadcastSecretPrevious "<the old secret>"'],
        description="While it is being rotated, the old edge secret, which is accepted too.",
    )
    edge_broadcast_url: Origin | None = Field(
        default=None,
        alias="EdgeBroadcastUrl",
        examples=["--plaintext EdgeBroadcastUrl https://edge.example.com"],
        description="Origin of the edge worker. Default: that of `edge`.",
    )
    edge: Edge | None = Field(
        default=None,
        examples=['--plaintext --path edge.accountId "<your Cloudflare account id>"'],
        description="The edge worker and its address; set key by key. Empty: there is no worker.",
    )
    routing: Routing = Field(
        default=RoutingSettings(),
        examples=["--path routing.edgePercent 10"],
        description="Which tokens take the edge while the flag is on; set key by key. Default: all.",
    )
    edge_retry_tries: int = Field(
        default=10,
        ge=2,
        le=100,
        description="How often the edge is offered an update that it did not take.",
    )
    edge_retry_base_seconds: int = Field(
        default=1,
        ge=1,
        le=60,
        description="The wait after the first of these tries; it doubles up to 75 times this.",
    )
    jupiter_api_key: Secret | None = Field(
        default=None,
        alias="JupiterApiKey",
        examples=['--secret JupiterApiKey "<your Jupiter API key>"'],
        description="Jupiter's API key, for prices in US dollars. Without it Jupiter is asked at half the"
        " rate.",
    )
    jupiter_requests_per_minute: JupiterRate = Field(
        default=30,
        description="How often Jupiter may be asked: 12 to 9000, the most that the key's plan allows (free:"
        " 60; stacks with the same key share it), or 0: never, so that no price is in US dollars.",
    )
    jupiter_url: Origin = Field(
        default="https://api.jup.ag",
        examples=["--plaintext jupiterUrl https://api.jup.ag"],
        description="Origin of Jupiter's API.",
    )
    quiet_after_seconds: int = Field(
        default=300,
        ge=60,
        le=86_400,
        description="A token of `tokens` that was not traded for so long is quoted by Jupiter, once a minute.",
    )
    sol_usd_max_age_seconds: int = Field(
        default=180,
        ge=180,
        le=3_600,
        description="How old SOL/USD may be, and how far from a trade, to give its price in US dollars. It"
        " comes once a minute.",
    )
    rpc_url: SecretUrl | None = Field(
        default=None,
        alias="RpcUrl",
        examples=['--secret RpcUrl "<https://your-rpc…>"'],
        description="URL of a Solana RPC node, with its key. What Helius or a relay posts without balances is"
        " asked for there, HoleWatch looks there for trades that are not stored, and `ops backfill` reads what"
        " was missed. Empty: nothing of this is done.",
    )
    completions_per_body: int = Field(
        default=5,
        ge=0,
        le=100,
        description="How many trimmed transactions of one webhook body are asked for at `RpcUrl`.",
    )
    tokens: Tokens = Field(
        default={},
        examples=["--plaintext --path tokens.BONK DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263"],
        description="Symbols and mints of the tokens to stream, at most 50."
        " Empty: every token that is traded against SOL.",
    )
    allowed_origins: Origins = Field(
        default=(),
        examples=["--plaintext --path 'allowedOrigins[0]' https://app.example.com"],
        description="Web origins that may connect and read, `https://host[:port]`."
        " `http://localhost:*` means any port; `null` and `file://` are local pages.",
    )
    require_origin: Flag = Field(
        default=False,
        description="Refuse WebSocket clients that send no Origin (mobile apps, wscat).",
    )
    listeners: Literal["open", "token"] = Field(
        default="open",
        examples=["listeners token"],
        description="Who may listen and read: everybody, or with `token` whoever shows an access token of"
        " the app's own back end (docs/listeners.md).",
    )
    listener_secret: SigningSecret | None = Field(
        default=None,
        alias="ListenerSecret",
        examples=[f"--secret ListenerSecret {_RANDOM}"],
        description="What the back end signs access tokens with (HS256).",
    )
    listener_secret_previous: SigningSecret | None = Field(
        default=None,
        alias="ListenerSecretPrevious",
        examples=['--secret ListenerSecretPrevious "<the old secret>"'],
        description="While it is being rotated, the old secret, whose tokens are accepted too.",
    )
    listener_public_key: PublicKeyText | None = Field(
        default=None,
        repr=False,  # by mistake it may be a private one
        examples=["--plaintext listenerPublicKey < public.pem"],
        description="In place of `ListenerSecret`: the public key, in PEM, of the private one that the back"
        " end signs with. RSA means RS256, P-256 means ES256.",
    )
    lambda_runtime: Literal["python3.11", "python3.12", "python3.13", "python3.14"] = Field(
        default="python3.13", description="Lambda runtime."
    )
    lambda_architecture: Literal["arm64", "x86_64"] = Field(
        default="arm64", description="Processor of the functions; `arm64` costs 20 % less."
    )
    lambda_system: Literal["linux", "macos"] = Field(
        default="linux",
        description="What the functions run on; other than Linux only where a Mac stands in for"
        " Lambda (`make up`).",
    )
    lambda_memory_mb: int = Field(
        default=1769, ge=128, le=10240, description="Memory of each function; 1769 is one full CPU."
    )
    call_timeout_ms: int = Field(
        default=200,
        ge=50,
        le=5000,
        description="How long one try of a call to DynamoDB, SQS or the edge may take. Whatever they do, the"
        " webhook answers within 850 ms: Helius waits 1 s.",
    )
    max_price_jump: PriceJump = Field(
        default=20,
        description="A price this many times above or below the last one is kept back until the next"
        " trade agrees, or for 10 s if none contradicts; 0 lets every price pass. It guards against"
        " mistakes of the parser, not against manipulation.",
    )
    price_retention_days: int = Field(
        default=30, ge=1, le=3650, description="How long prices stay readable."
    )
    candle_retention_days: int = Field(
        default=365,
        ge=2,
        le=3650,
        description="How long candles stay readable, those of minutes too.",
    )
    log_retention_days: RetentionDays = Field(
        default=30, description="How long CloudWatch keeps logs."
    )
    tracing: Flag = Field(
        default=False,
        description="Let X-Ray trace the functions: the time that each call waited, started and ran"
        " (docs/operations.md).",
    )
    kms: KmsKey = Field(
        default=False,
        examples=["kms true"],
        description="Encrypt the functions' environments and the queues with a KMS key: `true` makes one, an ARN"
        " names one of yours (docs/operations.md). `false`: with keys that AWS shares out itself.",
    )
    kms_previous: KmsKey = Field(
        default=False,
        examples=["kmsPrevious true"],
        description="What `kms` was, until the queues hold nothing more that it encrypted: functions may still"
        " decrypt with it, and the stack's own key stays.",
    )
    protect: Flag = Field(
        default=False,
        description="Protect the tables from deletion. On the stack `prod` the default is `true`.",
    )
    alarm_email: Email | None = Field(
        default=None,
        examples=["--plaintext alarmEmail oncall@example.com"],
        description="Who hears the alarms. AWS asks the address to confirm.",
    )
    alarms: Alarms = Field(
        default=AlarmSettings(),
        examples=["--path alarms.noTradeMinutes 10"],
        description="Which alarms ring, and when; set key by key.",
    )
    broadcast_concurrency: int = Field(
        default=10,
        ge=2,
        le=1000,
        description="How many workers broadcast at once. A new account runs 10 functions at once in all,"
        " until AWS has raised its quota.",
    )
    account_requests_per_second: int = Field(
        default=10_000,
        ge=1_000,
        le=1_000_000,
        description="API Gateway's quota of the account in this region (Service Quotas, \"Throttle"
        ' rate"): 10000, in some regions 2500. What the following limits leave of it is for posts to'
        " WebSocket clients.",
    )
    webhook_rate_limit: int = Field(
        default=1000, ge=1, le=10000, description="Webhook requests per second."
    )
    webhook_burst_limit: int = Field(
        default=1000, ge=1, le=5000, description="Webhook requests at once."
    )
    rest_rate_limit: int = Field(
        default=500, ge=1, le=10000, description="Requests per second of each read route."
    )
    rest_burst_limit: int = Field(
        default=500, ge=1, le=5000, description="Requests at once of each read route."
    )
    websocket_rate_limit: int = Field(
        default=500, ge=1, le=10000, description="Messages per second from WebSocket clients."
    )
    websocket_burst_limit: int = Field(
        default=500, ge=1, le=5000, description="Messages at once from WebSocket clients."
    )
    websocket_access_logs: Flag = Field(
        default=False,
        description="Log WebSocket accesses. Needs the account's CloudWatch role for API Gateway"
        " in this region, which the stack does not own: others log with it too.",
    )

    @property
    def posts_per_second(self) -> int:
        """What the account's quota leaves for posts to connections."""
        limits = {
            "webhookRateLimit": self.webhook_rate_limit,
            "restRateLimit": self.rest_rate_limit,
            "websocketRateLimit": self.websocket_rate_limit,
        }
        return posts_per_second(account=self.account_requests_per_second, limits=limits)

    @property
    def jupiter_rate(self) -> int:
        """Requests to Jupiter a minute. Without a key it answers half as many as with a free one."""
        is_keyless = self.jupiter_api_key is None
        return self.jupiter_requests_per_minute // (KEYLESS_PART if is_keyless else 1)

    @property
    def webhook_secret(self) -> SecretStr | None:
        """What the webhook expects. By default the API key, as in the old system."""
        return self.helius_webhook_secret or self.helius_api_key

    @property
    def bearer(self) -> str:
        """`webhook_secret` in plain text: for a resource that encrypts it."""
        assert self.webhook_secret is not None  # checks.py refuses a stack without one
        return self.webhook_secret.get_secret_value()

    @property
    def listed_tokens(self) -> tuple[str, ...]:
        """The tokens with their symbols, as the functions and the worker get them."""
        by_token = sorted(self.tokens.items(), key=lambda pair: pair[1])
        return tuple(listed(symbol, token) for symbol, token in by_token)

    @property
    def policy(self) -> Policy:
        """Which path each token takes."""
        return self.routing.policy(edge_is_on=self.use_edge_broadcast, tokens=self.tokens)

    def edge_origin(self, worker_name: str) -> str | None:
        """The origin of the edge worker, or None if there is no worker."""
        if self.edge_broadcast_url is not None or self.edge is None:
            return self.edge_broadcast_url
        return self.edge.origin(worker_name)

    def edge_variables(
        self,
        stack: str,
        *,
        aws_region: str,
        rest_url: pulumi.Input[str],
        websocket_url: pulumi.Input[str],
        listeners: Mapping[str, str],
    ) -> Mapping[str, pulumi.Input[str]]:
        """The edge worker's variables; empty if there is no worker. `listeners` are those by which it
        verifies access tokens."""
        if self.edge is None:
            return {}
        variables = self.edge.variables(
            stack=stack,
            tokens=self.listed_tokens,
            allowed_origins=self.allowed_origins,
            require_origin=self.require_origin,
            aws_region=aws_region,
        )
        of_page = {"WEBSOCKET_URL": websocket_url} if self.edge.shows_test_page(stack) else {}
        return {**variables, "REST_API_URL": rest_url, **of_page, **listeners}
