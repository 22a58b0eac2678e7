"""Trades of the reserved token, posted to the webhook as its sender would."""

from __future__ import annotations

import time
from collections.abc import Mapping
from itertools import count

import httpx

from functions.glow.token import PROBE_TOKEN
from ops.verify.target import Target

_numbers = count(1)


class Sender:
    """Posts to the webhook of a stack, and counts what was `accepted`."""

    def __init__(self, target: Target, http: httpx.AsyncClient) -> None:
        self._target = target
        self._http = http
        self.accepted = 0

    async def send(self, trade: Mapping[str, object]) -> str | None:
        """Post it once. None if it is stored, also by an earlier post; else the answer or the error's
        name."""
        try:
            response = await self._http.post(
                self._target.webhook_url,
                json=trade,
                headers={
                    "authorization": f"Bearer {self._target.config.webhook_secret}",
                    "x-token": PROBE_TOKEN,
                },
            )
        except httpx.HTTPError as error:
            return type(error).__name__
        if response.is_success and 1 in map(response.json().get, ("stored", "duplicates")):
            self.accepted += 1
            return None
        return f"{response.status_code} {response.text[:200]}"


def a_trade(sender: str = "verify") -> Mapping[str, object]:
    """Always of the same price, so that the gate takes it. `sender` begins its signature: two that
    send in the same second must not make the same id."""
    number = next(_numbers)
    return {
        "type": "SWAP",
        "accounts": [
            {"address": "vault_sol", "nativeBalanceChange": -2_500_000},
            {"address": "user", "nativeBalanceChange": 1},
        ],
        "txSignature": f"{sender}{time.time_ns()}x{number}",
        "slot": number,
        "timestamp": int(time.time()),
    }
