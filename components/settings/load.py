"""Reads the stack's configuration and says, all at once, what is wrong with it.

The only reader of Pulumi's config.
"""

import difflib
import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, cast

import pulumi
from pydantic import SecretStr, ValidationError

from components.settings.edge import contradictions
from components.settings.model import Settings
from components.settings.origin import is_loopback_origin
from components.settings.routing import unknown_tokens
from components.settings.table import FIELDS, is_secret, setting

_NAMESPACE: Final = "glow"


def load_settings() -> Settings:
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
    return parse_settings(values, secrets=secrets, stack=pulumi.get_stack())


def parse_settings(values: Mapping[str, str], *, secrets: Collection[str], stack: str) -> Settings:
    """Settings from the texts that config holds, those of `secrets` encrypted there.

    Raises SettingsError with every problem at once.
    """
    problems = [
        *_missing(values),
        *_exposed(values, secrets),
        *_contradictory(values),
        *_edge_problems(values, stack),
        *_routing_problems(values),
    ]
    try:
        settings = Settings.model_validate(
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


def _missing(values: Mapping[str, str]) -> Iterator[Problem]:
    if "HeliusApiKey" not in values and "HeliusWebhookSecret" not in values:
        yield Problem(
            "HeliusApiKey",
            f"is not set, nor is {_NAMESPACE}:HeliusWebhookSecret: the webhook would have no secret"
            " to expect. Set one of them",
            setting("HeliusApiKey"),
        )


def _exposed(values: Mapping[str, str], secrets: Collection[str]) -> Iterator[Problem]:
    for key in values:
        if key in FIELDS and is_secret(key) and key not in secrets:
            yield Problem(key, "is a secret, but stored in plain text", setting(key))


def _contradictory(values: Mapping[str, str]) -> Iterator[Problem]:
    if values.get("allowedOrigins", "[]") != "[]":
        return
    edge = _raw_map(values, "edge") or {}
    for key, value in (
        ("requireOrigin", values.get("requireOrigin")),
        ("edge.requireOrigin", edge.get("requireOrigin")),
    ):
        if value in ("true", True):
            yield Problem(
                "allowedOrigins",
                f"is empty, but {_NAMESPACE}:{key} is true: nobody could connect",
                setting("allowedOrigins"),
            )


def _edge_problems(values: Mapping[str, str], stack: str) -> Iterator[Problem]:
    edge = _raw_map(values, "edge")
    is_on = values.get("USE_EDGE_BROADCAST") == "true"
    if is_on and edge is None and "EdgeBroadcastUrl" not in values:
        yield Problem(
            "edge",
            f"is not set, but {_NAMESPACE}:USE_EDGE_BROADCAST is true: updates would reach nobody."
            " Set its accountId, then hostname and zoneId, or workersDevSubdomain",
            setting("edge"),
        )
    if (is_on or edge is not None) and "EdgeBroadcastSecret" not in values:
        cause = "USE_EDGE_BROADCAST is true" if is_on else "edge is"
        yield Problem(
            "EdgeBroadcastSecret",
            f"is not set, but {_NAMESPACE}:{cause}: the worker would refuse every update",
            setting("EdgeBroadcastSecret"),
        )
    if is_loopback_origin(values.get("EdgeBroadcastUrl", "")) and stack != "local":
        yield Problem(
            "EdgeBroadcastUrl",
            "is on the own machine, where no Lambda function finds it: that is for stack local",
            setting("EdgeBroadcastUrl"),
        )
    for key, what in contradictions(edge) if edge is not None else ():
        yield Problem(f"edge.{key}", what, setting(f"edge.{key}"))


def _routing_problems(values: Mapping[str, str]) -> Iterator[Problem]:
    routing = _raw_map(values, "routing") or {}
    tokens = {name: str(mint) for name, mint in (_raw_map(values, "tokens") or {}).items()}
    for name in unknown_tokens(routing, tokens):
        yield Problem(
            "routing.edgeTokens",
            f"names {name!r}, which {_NAMESPACE}:tokens do not: this stack does not stream it",
            setting("routing.edgeTokens"),
        )


def _raw_map(values: Mapping[str, str], key: str) -> Mapping[str, object] | None:
    """The map at `key` as config holds it; an empty map where it is no map, which is told elsewhere."""
    if key not in values:
        return None
    try:
        value: object = json.loads(values[key])
    except ValueError:
        return {}
    return cast("Mapping[str, object]", value) if isinstance(value, dict) else {}


def _refused(refused: ValidationError, values: Mapping[str, str]) -> Iterator[Problem]:
    for error in refused.errors(include_url=False, include_input=False):
        key = ".".join(str(part) for part in error["loc"][:2])
        if error["type"] == "extra_forbidden":
            close = difflib.get_close_matches(key, FIELDS, n=1, cutoff=0.5)
            hint = f"; did you mean {_NAMESPACE}:{close[0]}?" if close else ""
            yield Problem(key, f"is not a setting{hint}", _removal(key))
            continue
        if error["type"] == "missing":
            yield Problem(key, "is not set", setting(key))
            continue
        what = error["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
        shown = "" if is_secret(key) else _shown_value(key, values)
        yield Problem(key, f"{shown}{what}", setting(key))


def _removal(key: str) -> str:
    return f"rm --path {_NAMESPACE}:{key}" if "." in key else f"rm {_NAMESPACE}:{key}"


def _shown_value(key: str, values: Mapping[str, str]) -> str:
    if key in values:
        return f"is {values[key]!r}: "
    outer, _, inner = key.partition(".")
    value = (_raw_map(values, outer) or {}).get(inner)
    return "" if value is None else f"is {value!r}: "
