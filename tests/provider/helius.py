"""The local Helius within a test, and the resource's provider as Pulumi calls it."""

import json
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

from pulumi.dynamic import Config, ConfigureRequest

from components.helius.webhook import HeliusWebhookProvider
from local.helius.server import Server
from local.helius.webhooks import Webhooks
from tests.serving import serving

KEY = "the-key-of-helius-0123456789"
URL = "http://127.0.0.1:1/webhook/price"


def helius(folder: Path, *, key: str = KEY) -> AbstractContextManager[Server]:
    """It answers at `url`; its `webhooks` are what an operator sees at the dashboard."""
    return serving(Server(0, webhooks=Webhooks(folder / "helius.json"), key=key))


def provider_for(origin: str, *, key: str = KEY) -> HeliusWebhookProvider:
    """Configured as in a process of its own: by the stack's config."""
    provider = HeliusWebhookProvider()
    settings = json.dumps({"manageWebhook": True, "apiBaseUrl": origin})
    config = Config({"glow:helius": settings, "glow:HeliusApiKey": key}, "glow")
    provider.configure(ConfigureRequest(config))
    provider.helius = replace(provider.helius, sleep=_go_on)
    return provider


def _go_on(seconds: float) -> None:
    """In place of the pauses between tries."""
    del seconds


def a_webhook(**fields: Any) -> dict[str, Any]:
    """The resource's inputs, as the program gives them."""
    usual = {
        "webhookUrl": URL,
        "webhookType": "raw",
        "transactionTypes": ["ANY"],
        "accountAddresses": ["Mint111", "Mint222"],
        "authHeader": "Bearer what-the-webhook-expects",
    }
    return usual | fields


def by_hand(server: Server, **fields: Any) -> str:
    """Register one at the dashboard; its id."""
    usual = {
        "webhookURL": URL,
        "webhookType": "enhanced",
        "transactionTypes": ["SWAP"],
        "accountAddresses": ["Mint333"],
        "authHeader": "Bearer an-old-secret",
    }
    return str(server.webhooks.create(usual | fields)["webhookID"])
