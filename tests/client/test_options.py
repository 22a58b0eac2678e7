"""A mistake in an option is told at once."""

from typing import Any

import pytest

from client import connect, subscribe


@pytest.mark.parametrize(
    ("mistake", "said"),
    [
        ({"token": "a b"}, "token must be 1 to 64 .*; got 'a b'"),
        ({"token": None}, "token must be 1 to 64 .*; got None"),
        ({"api": "stack.example"}, "api must be the URL RestApiUrl; got 'stack.example'"),
        ({"delivery": "newest"}, "delivery must be .*; got 'newest'"),
        ({"max_fill": 0}, "max_fill must be above 0; got 0"),
    ],
    ids=str,
)
async def test_mistake_in_an_option_is_told(mistake: dict[str, Any], said: str) -> None:
    options: dict[str, Any] = {"token": "T", "api": "https://stack.example", **mistake}

    with pytest.raises(ValueError, match=said):
        async with subscribe(**options):
            pass


@pytest.mark.parametrize(
    ("mistake", "said"),
    [
        ({"token": "a b"}, "token must be 1 to 64 .*; got 'a b'"),
        ({"interval": "2m"}, "interval must be one of 1m, 5m, 15m, 1h, 4h, 1d; got '2m'"),
        ({"currency": "eur"}, 'currency must be "sol" or "usd"; got \'eur\''),
        ({"limit": 1_001}, "limit must be 1 to 1000; got 1001"),
        ({"on_candle": "print"}, "on_candle must be a function; got 'print'"),
    ],
    ids=str,
)
async def test_mistake_in_a_chart_is_told(mistake: dict[str, Any], said: str) -> None:
    options: dict[str, Any] = {"token": "T", "interval": "1m", "on_candle": print, **mistake}

    async with connect(api="https://stack.example") as feed:
        with pytest.raises(ValueError, match=said):
            feed.candles(**options)
        assert feed.state.state == "idle"
