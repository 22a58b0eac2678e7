"""The client of glow: live prices, each trade exactly once.

    async with connect(api=rest_api_url) as feed:                    # many tokens, one socket
        feed.subscribe("SOL", on_price=lambda price: print(price.update.price))
        async for price in feed.prices("BONK"):
            print(price.update.price, price.is_late)
        feed.candles("SOL", interval="5m", on_candle=lambda chart: print(chart.candle.close))

    async with subscribe(token, api=rest_api_url) as prices:         # one token, a socket of its own
        async for price in prices:
            print(price.update.price, price.is_late)

The library reconnects, fills gaps and follows tokens from path to path by itself
(docs/clients.md). glow.js is the same library for JavaScript.
"""

from .candle import Candle, ChartCandle
from .chart import Chart
from .errors import ClientError, Refused
from .feed import Feed, connect
from .follower import Follower
from .state import State
from .subscription import Subscription, subscribe
from .update import Price, Update

__all__ = [
    "Candle",
    "Chart",
    "ChartCandle",
    "ClientError",
    "Feed",
    "Follower",
    "Price",
    "Refused",
    "State",
    "Subscription",
    "Update",
    "connect",
    "subscribe",
]
