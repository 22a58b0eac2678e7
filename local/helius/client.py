"""Has the local Helius post its recorded trade, as the demonstrations do."""

import time
from collections.abc import Sequence
from typing import Final

import httpx
from pydantic import BaseModel

from local.errors import LocalError, NotStreamedError
from local.helius.recordings import swap_mint
from local.helius.server import SWAP
from local.trades import Trade

# Helius loses a trade whose four posts are not answered in their second: so may be the first ones, while
# the emulator starts the function on a busy machine. On the chain the next trade comes soon.
MAX_TRADES: Final = 8
# Four posts of a second, and the pauses between them.
_SECONDS: Final = 30


class _Delivery(BaseModel):
    accepted: bool
    tries: Sequence[int | str]


class _Posted(BaseModel):
    signature: str
    deliveries: Sequence[_Delivery]


async def helius_swap(helius_url: str) -> tuple[Trade, float]:
    """Have trades made until one is accepted by the stack. Return it, and when it was made (`monotonic`).

    Raises NotStreamedError if no webhook watches them, LocalError if none is accepted.
    """
    said: Sequence[int | str] = ()
    async with httpx.AsyncClient(base_url=helius_url, timeout=_SECONDS) as http:
        for _ in range(MAX_TRADES):
            started = time.monotonic()
            answer = (await http.post(SWAP)).raise_for_status()
            posted = _Posted.model_validate_json(answer.content)
            if not posted.deliveries:
                raise NotStreamedError(
                    f"No webhook at the local Helius watches {swap_mint()}, which the demo trades:"
                    " glow:helius of stack local is not as it was made.\n"
                    "Have it made again: bin/pulumi-local config rm helius && make up"
                )
            if all(delivery.accepted for delivery in posted.deliveries):
                trade = Trade(title="Helius swap", token=swap_mint(), signature=posted.signature)
                return trade, started
            said = posted.deliveries[0].tries
    raise LocalError(
        f"The local Helius posted {MAX_TRADES} trades, and the webhook took none: its last tries"
        f" ended with {', '.join(map(str, said))}.\nSee .local/ministack.log, or start over: make reset up"
    )
