"""The stack's configuration: each key, what it means, and what happens when it is wrong.

The only reader of Pulumi's config. `python -m components.settings` prints the README's table.
"""

import difflib
import json
import sys
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal, Self, cast

import pulumi
from annotated_types import Ge, Le
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic.alias_generators import to_camel
from pydantic.fields import FieldInfo

from components.config_values import (
    Email,
    Flag,
    Origin,
    Origins,
    RetentionDays,
    Secret,
    SecretUrl,
    Tokens,
)
from components.edge_settings import Edge, EdgeSettings, contradictions
from components.origin import is_cors_origin, is_loopback_origin

_NAMESPACE: Final = "glow"
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
        examples=["EdgeBroadcastUrl https://edge.example.com"],
        description="Origin of the edge worker. Default: that of `edge`.",
    )
    edge: Edge | None = Field(
        default=None,
        examples=['--path edge.accountId "<your Cloudflare account id>"'],
        description="The edge worker and its address; set key by key. Empty: there is no worker.",
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
        description="Accepted, because scripts set it; nothing reads it.",
    )
    rpc_url: SecretUrl | None = Field(
        default=None,
        alias="RpcUrl",
        examples=['--secret RpcUrl "<https://your-rpc…>"'],
        description="Accepted, because scripts set it; nothing reads it.",
    )
    tokens: Tokens = Field(
        default={},
        examples=["--path tokens.BONK DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263"],
        description="Symbols and mints of the tokens to stream, at most 50."
        " Empty: every token that is traded against SOL.",
    )
    allowed_origins: Origins = Field(
        default=(),
        examples=["--path 'allowedOrigins[0]' https://app.example.com"],
        description="Web origins that may connect and read, `https://host[:port]`."
        " `http://localhost:*` means any port; `null` and `file://` are local pages.",
    )
    require_origin: Flag = Field(
        default=False,
        description="Refuse WebSocket clients that send no Origin (mobile apps, wscat).",
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
        description="How long the webhook waits for DynamoDB, SQS and the edge. Helius waits 1 s for all.",
    )
    price_retention_days: int = Field(
        default=30, ge=1, le=3650, description="How long prices stay readable."
    )
    log_retention_days: RetentionDays = Field(
        default=30, description="How long CloudWatch keeps logs."
    )
    protect: Flag = Field(
        default=False,
        description="Protect the tables from deletion. On the stack `prod` the default is `true`.",
    )
    alarm_email: Email | None = Field(
        default=None,
        examples=["alarmEmail oncall@example.com"],
        description="Who hears the alarms. AWS asks the address to confirm.",
    )
    broadcast_concurrency: int = Field(
        default=10, ge=2, le=1000, description="How many workers broadcast at once."
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
    def webhook_secret(self) -> SecretStr | None:
        """What the webhook expects; the old system took the API key."""
        return self.helius_webhook_secret or self.helius_api_key

    @property
    def mints(self) -> tuple[str, ...]:
        return tuple(sorted(self.tokens.values()))

    @property
    def cors_origins(self) -> tuple[str, ...]:
        return tuple(filter(is_cors_origin, self.allowed_origins))

    def edge_origin(self, worker_name: str) -> str | None:
        """Where the edge worker answers, if there is one."""
        if self.edge_broadcast_url is not None or self.edge is None:
            return self.edge_broadcast_url
        return self.edge.origin(worker_name)

    def edge_variables(self, stack: str) -> Mapping[str, str]:
        """The edge worker's variables; none where there is no worker."""
        if self.edge is None:
            return {}
        return self.edge.variables(
            stack=stack,
            tokens=self.mints,
            allowed_origins=self.allowed_origins,
            require_origin=self.require_origin,
        )

    @classmethod
    def load(cls) -> Self:
        """Settings of the stack that Pulumi is running. Raises SettingsError."""
        prefix = f"{_NAMESPACE}:"
        # pulumi.Config answers for keys one knows; only here are those that should not exist.
        known = pulumi.runtime.config.CONFIG.get()
        values = {
            key.removeprefix(prefix): str(value)
            for key, value in known.items()
            if key.startswith(prefix)
        }
        secrets = {key for key in values if pulumi.runtime.is_config_secret(f"{prefix}{key}")}
        return cls.parse(values, secrets=secrets, stack=pulumi.get_stack())

    @classmethod
    def parse(cls, values: Mapping[str, str], *, secrets: Collection[str], stack: str) -> Self:
        """Settings from the texts that config holds, those of `secrets` encrypted there.

        Raises SettingsError with every problem at once.
        """
        problems = [
            *_missing(values),
            *_exposed(values, secrets),
            *_contradictory(values),
            *_edge_problems(values, stack),
        ]
        try:
            settings = cls.model_validate(
                {"protect": "true" if stack == "prod" else "false", **values}
            )
        except ValidationError as refused:
            problems += _refused(refused, values)
            raise SettingsError(stack, problems) from None  # its cause holds the values
        if problems:
            raise SettingsError(stack, problems)
        return settings


def encrypted(secret: SecretStr | None) -> pulumi.Output[str] | None:
    """`secret` as Pulumi keeps it out of state, previews and logs."""
    return None if secret is None else pulumi.Output.secret(secret.get_secret_value())


@dataclass(frozen=True)
class Problem:
    """What is wrong with a key, and the `pulumi config` command that mends it."""

    key: str
    what: str
    command: str


class SettingsError(pulumi.RunError):
    """Config that cannot be deployed; the text lists all that is wrong."""

    def __init__(self, stack: str, problems: Collection[Problem]) -> None:
        self.problems = tuple(problems)
        lines = [
            f"{_NAMESPACE}:{problem.key} {problem.what}.\n"
            f"    pulumi config {problem.command} --stack {stack}"
            for problem in sorted(problems, key=lambda problem: problem.key)
        ]
        count = "1 setting is" if len(lines) == 1 else f"{len(lines)} settings are"
        super().__init__("\n".join([f"Stack {stack}: {count} wrong.", *lines]))


_EDGE_FIELDS: Final[Mapping[str, FieldInfo]] = {
    f"edge.{field.alias}": field for field in EdgeSettings.model_fields.values()
}
_FIELDS: Final[Mapping[str, FieldInfo]] = {
    field.alias or name: field for name, field in Settings.model_fields.items()
} | _EDGE_FIELDS


def _missing(values: Mapping[str, str]) -> Iterator[Problem]:
    if "HeliusApiKey" not in values and "HeliusWebhookSecret" not in values:
        yield Problem(
            "HeliusApiKey",
            f"is not set, nor is {_NAMESPACE}:HeliusWebhookSecret: the webhook would have no secret"
            " to expect. Set one of them",
            _setting("HeliusApiKey"),
        )


def _exposed(values: Mapping[str, str], secrets: Collection[str]) -> Iterator[Problem]:
    for key in values:
        if key in _FIELDS and _is_secret(key) and key not in secrets:
            yield Problem(key, "is a secret, but stored in plain text", _setting(key))


def _contradictory(values: Mapping[str, str]) -> Iterator[Problem]:
    if values.get("allowedOrigins", "[]") != "[]":
        return
    edge = _raw_edge(values) or {}
    for key, value in (
        ("requireOrigin", values.get("requireOrigin")),
        ("edge.requireOrigin", edge.get("requireOrigin")),
    ):
        if value in ("true", True):
            yield Problem(
                "allowedOrigins",
                f"is empty, but {_NAMESPACE}:{key} is true: nobody could connect",
                _setting("allowedOrigins"),
            )


def _edge_problems(values: Mapping[str, str], stack: str) -> Iterator[Problem]:
    edge = _raw_edge(values)
    is_on = values.get("USE_EDGE_BROADCAST") == "true"
    if is_on and edge is None and "EdgeBroadcastUrl" not in values:
        yield Problem(
            "edge",
            f"is not set, but {_NAMESPACE}:USE_EDGE_BROADCAST is true: updates would reach nobody."
            " Set its accountId, then hostname and zoneId, or workersDevSubdomain",
            _setting("edge"),
        )
    if (is_on or edge is not None) and "EdgeBroadcastSecret" not in values:
        cause = "USE_EDGE_BROADCAST is true" if is_on else "edge is"
        yield Problem(
            "EdgeBroadcastSecret",
            f"is not set, but {_NAMESPACE}:{cause}: the worker would refuse every update",
            _setting("EdgeBroadcastSecret"),
        )
    if is_loopback_origin(values.get("EdgeBroadcastUrl", "")) and stack != "local":
        yield Problem(
            "EdgeBroadcastUrl",
            "is on the own machine, where no Lambda function finds it: that is for stack local",
            _setting("EdgeBroadcastUrl"),
        )
    for key, what in contradictions(edge) if edge is not None else ():
        yield Problem(f"edge.{key}", what, _setting(f"edge.{key}"))


def _raw_edge(values: Mapping[str, str]) -> Mapping[str, object] | None:
    """`edge` as config holds it; an empty map where it is no map, which is told elsewhere."""
    if "edge" not in values:
        return None
    try:
        edge: object = json.loads(values["edge"])
    except ValueError:
        return {}
    return cast("Mapping[str, object]", edge) if isinstance(edge, dict) else {}


def _refused(refused: ValidationError, values: Mapping[str, str]) -> Iterator[Problem]:
    for error in refused.errors(include_url=False, include_input=False):
        key = ".".join(str(part) for part in error["loc"][:2])
        if error["type"] == "extra_forbidden":
            close = difflib.get_close_matches(key, _FIELDS, n=1, cutoff=0.5)
            hint = f"; did you mean {_NAMESPACE}:{close[0]}?" if close else ""
            yield Problem(key, f"is not a setting{hint}", _removal(key))
            continue
        if error["type"] == "missing":
            yield Problem(key, "is not set", _setting(key))
            continue
        what = error["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
        shown = "" if _is_secret(key) else _shown_value(key, values)
        yield Problem(key, f"{shown}{what}", _setting(key))


def _removal(key: str) -> str:
    return f"rm --path {_NAMESPACE}:{key}" if "." in key else f"rm {_NAMESPACE}:{key}"


def _shown_value(key: str, values: Mapping[str, str]) -> str:
    if key in values:
        return f"is {values[key]!r}: "
    value = (_raw_edge(values) or {}).get(key.removeprefix("edge."))
    return "" if value is None else f"is {value!r}: "


def _setting(key: str) -> str:
    field = _FIELDS[key]
    examples = field.examples or [f"{key} {_shown_default(field)}"]
    return f"set {examples[0]}"


def _is_secret(key: str) -> bool:
    return _setting(key).startswith("set --secret")


def _shown_default(field: FieldInfo) -> str:
    default: object = None if field.is_required() else field.default
    if isinstance(default, bool):
        return "true" if default else "false"
    return "" if default in (None, (), {}) else str(default)


def config_table() -> str:
    """The table of all keys, in Markdown."""
    rows = [
        f"| `{key}` | {_shown_kind(key, field)} | {field.description} |"
        for key, field in _FIELDS.items()
    ]
    return "\n".join(["| Key | Default | Meaning |", "|---|---|---|", *rows])


def _shown_kind(key: str, field: FieldInfo) -> str:
    if _is_secret(key):
        return "(secret)"
    default = _shown_default(field)
    least = next((limit.ge for limit in field.metadata if isinstance(limit, Ge)), None)
    most = next((limit.le for limit in field.metadata if isinstance(limit, Le)), None)
    limits = f" ({least} to {most})" if most is not None else ""
    return f"`{default}`{limits}" if default else ""


if __name__ == "__main__":
    sys.stdout.write(f"{config_table()}\n")
