"""How the account's quota of API Gateway is shared out. Pure.

One quota per account and region covers HTTP and WebSocket APIs and every post to a connection
(facts: "Amazon API Gateway quotas"). What the throttled routes may take is kept for them, so that a
broadcast never has Helius refused. Limits are by the key that sets them.
"""

from collections.abc import Mapping
from typing import Final

# GET and HEAD /health/live, GET /tokens, /tokens/{token}/price, /tokens/{token}/prices,
# /tokens/{token}/candles, /connect/{token}, /connect, and the preflights; a test counts.
READ_ROUTES: Final = 9
# Below this a broadcast to a thousand clients takes over two seconds.
MIN_POSTS_PER_SECOND: Final = 500

# What each limit is lowered to where a quota is small. They leave half of any for posts.
SHARES: Final[Mapping[str, float]] = {
    "webhookRateLimit": 0.1,
    "restRateLimit": 0.04,
    "websocketRateLimit": 0.04,
}


def posts_per_second(*, account: int, limits: Mapping[str, int]) -> int:
    """What the limits of the webhook, of each read route and of clients' messages leave."""
    webhook, websocket = limits["webhookRateLimit"], limits["websocketRateLimit"]
    return account - webhook - websocket - READ_ROUTES * limits["restRateLimit"]


def fitting_limits(*, account: int, limits: Mapping[str, int]) -> Mapping[str, int]:
    """`limits`, lowered where they take more than their share of `account`."""
    return {key: min(limits[key], int(account * share)) for key, share in SHARES.items()}
