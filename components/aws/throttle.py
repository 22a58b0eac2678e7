"""How many requests an API's routes take."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Throttle:
    """A token bucket of API Gateway: `rate` requests per second, `burst` at once.

    One quota per account and region (10,000/s, burst 5,000) covers HTTP and WebSocket APIs and every
    post to a connection, so what one of them may take is what the others keep (facts: "Amazon API
    Gateway quotas").
    """

    rate: int
    burst: int
