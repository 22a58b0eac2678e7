"""What `verify` reads of a stack's config. Secrets are asked for one by one, and shown nowhere."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, cast

from functions.glow.token import PROBE_TOKEN
from ops.errors import OpsError
from ops.token import ListenerConfig, access_token
from workspace.stack import Stack

_NAMESPACE: Final = "glow"
_PASS_SECONDS: Final = 600
_SOL_USD_MAX_AGE_SECONDS: Final = 180  # config's default, as in components/settings/model.py


@dataclass(frozen=True, kw_only=True)
class Config:
    """`access_token` is None where everybody may listen, or where only the app's back end can make
    one: then `listens` is false."""

    webhook_secret: str = field(repr=False)
    edge_secret: str | None = field(repr=False)
    access_token: str | None = field(repr=False, default=None)
    listens: bool = True
    origins: tuple[str, ...] = ()
    has_dollars: bool = True
    sol_usd_max_age_seconds: int = _SOL_USD_MAX_AGE_SECONDS
    alarm_email: str | None = None

    @classmethod
    def of(cls, stack: Stack) -> Config:
        """Read it through the Pulumi CLI. Raises WorkspaceError."""
        known = cast("Mapping[str, object]", json.loads(stack.run("config", "--json")))
        own = {
            key.removeprefix(f"{_NAMESPACE}:"): cast("Mapping[str, object]", entry)
            for key, entry in known.items()
        }

        def value(key: str, otherwise: str = "") -> str:
            return str(own.get(key, {}).get("value", otherwise))

        def secret(key: str) -> str | None:
            return (
                stack.run("config", "get", f"{_NAMESPACE}:{key}").rstrip("\n")
                if key in own
                else None
            )

        webhook_secret = secret("HeliusWebhookSecret") or secret("HeliusApiKey")
        if webhook_secret is None:
            raise OpsError(
                f"Stack {stack.name} has no secret for its webhook. Set it: {stack.launcher} config set"
                f" --secret HeliusApiKey --stack {stack.name}"
            )
        shows_pass = value("listeners") == "token"
        can_sign = "listenerPublicKey" not in own
        return cls(
            webhook_secret=webhook_secret,
            edge_secret=secret("EdgeBroadcastSecret"),
            access_token=_pass(stack) if shows_pass and can_sign else None,
            listens=can_sign or not shows_pass,
            origins=tuple(cast("list[str]", json.loads(value("allowedOrigins", "[]")))),
            has_dollars=value("jupiterRequestsPerMinute") != "0",
            sol_usd_max_age_seconds=int(
                value("solUsdMaxAgeSeconds", str(_SOL_USD_MAX_AGE_SECONDS))
            ),
            alarm_email=value("alarmEmail") or None,
        )


def _pass(stack: Stack) -> str:
    """A token as `ops token` makes it."""
    config = ListenerConfig.of(stack)
    return access_token(config, [PROBE_TOKEN], _PASS_SECONDS, subject="ops-verify", now=time.time())
