"""What `verify` reads of a stack's config. Its secrets are shown nowhere."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Self

from pydantic import SecretStr

from components.settings.alarms import AlarmSettings
from components.settings.model import Settings
from functions.glow.paths import Path
from functions.glow.token import PROBE_TOKEN
from ops.settings import settings_of
from ops.token import ListenerConfig, access_token
from workspace.stack import Stack

_PASS_SECONDS: Final = 600


@dataclass(frozen=True, kw_only=True)
class HeliusHook:
    """Where the webhook is kept that the stack manages, and the key to it."""

    origin: str
    key: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Config:
    """`access_token` is None where everybody may listen, or where only the app's back end can make
    one: then `listens` is false."""

    webhook_secret: str = field(repr=False)
    edge_secret: str | None = field(repr=False)
    access_token: str | None = field(repr=False, default=None)
    listens: bool = True
    origins: tuple[str, ...] = ()
    tokens: frozenset[str] = frozenset()
    """Empty: every token is streamed."""
    has_dollars: bool = True
    sol_usd_max_age_seconds: int
    alarm_email: str | None = None
    monthly_budget_usd: int | None = None
    limits_ms: Mapping[Path, int] = field(default_factory=lambda: AlarmSettings().latency_ms)
    """What half of the trades of a path may take."""
    helius: HeliusHook | None = None
    """None where the stack manages none."""

    @classmethod
    def of(cls, stack: Stack) -> Self:
        """Read it through the Pulumi CLI. Raises WorkspaceError."""
        settings = settings_of(stack)
        shows_pass = settings.listeners == "token"
        can_sign = settings.listener_public_key is None
        return cls.from_settings(
            settings,
            access_token=_pass(stack) if shows_pass and can_sign else None,
            listens=can_sign or not shows_pass,
        )

    @classmethod
    def from_settings(
        cls, settings: Settings, *, access_token: str | None = None, listens: bool = True
    ) -> Self:
        return cls(
            webhook_secret=settings.bearer,
            edge_secret=_plain(settings.edge_broadcast_secret),
            access_token=access_token,
            listens=listens,
            origins=tuple(settings.allowed_origins),
            tokens=frozenset(settings.tokens.values()),
            has_dollars=settings.jupiter_requests_per_minute > 0,
            sol_usd_max_age_seconds=settings.sol_usd_max_age_seconds,
            alarm_email=settings.alarm_email,
            monthly_budget_usd=settings.alarms.monthly_budget_usd,
            limits_ms=settings.alarms.latency_ms,
            helius=_hook(settings),
        )


def _hook(settings: Settings) -> HeliusHook | None:
    key = _plain(settings.helius_api_key)
    if not settings.helius.manage_webhook or key is None:
        return None
    return HeliusHook(origin=settings.helius.api_base_url, key=key)


def _plain(secret: SecretStr | None) -> str | None:
    return None if secret is None else secret.get_secret_value()


def _pass(stack: Stack) -> str:
    """A token as `ops token` makes it."""
    config = ListenerConfig.of(stack)
    return access_token(config, [PROBE_TOKEN], _PASS_SECONDS, subject="ops-verify", now=time.time())
