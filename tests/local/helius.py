"""What an operator sees at the local Helius."""

from typing import Any

import httpx

from local.config import HELIUS_KEY
from local.helius.server import HOOKS, SWAP


def registered(origin: str) -> list[dict[str, Any]]:
    return _ask(origin, "GET", HOOKS)


def change(origin: str, webhook: dict[str, Any], **fields: Any) -> None:
    """Change a webhook at the dashboard."""
    kept = {name: webhook[name] for name in webhook.keys() - {"webhookID", "wallet", "active"}}
    _ask(origin, "PUT", f"{HOOKS}/{webhook['webhookID']}", kept | fields)


def switch_off(origin: str, webhook: dict[str, Any]) -> None:
    """As Helius does when most posts have failed for days."""
    _ask(origin, "PATCH", f"{HOOKS}/{webhook['webhookID']}", {"active": False})


def make_a_trade(origin: str) -> dict[str, Any]:
    """A recorded trade is made now: its signature, and what became of each post of it."""
    return _ask(origin, "POST", SWAP)


def _ask(origin: str, method: str, path: str, body: object = None) -> Any:
    answer = httpx.request(
        method, f"{origin}{path}", params={"api-key": HELIUS_KEY}, json=body, timeout=60
    )
    assert answer.is_success, answer.text
    return answer.json()
