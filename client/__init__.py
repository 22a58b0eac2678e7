"""The client of glow: the live prices of one token, each trade exactly once.

    async with subscribe(token, api=rest_api_url) as prices:
        async for price in prices:
            print(price.update.price, price.is_late)

The library reconnects, fills gaps and follows a token from path to path by itself
(docs/clients.md). glow.js is the same library for JavaScript.
"""

from client.errors import ClientError, Refused
from client.state import State
from client.subscription import Subscription, subscribe
from client.update import Price, Update

__all__ = ["ClientError", "Price", "Refused", "State", "Subscription", "Update", "subscribe"]
