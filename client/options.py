"""Checks what the user passes, so that a mistake is told at once. Pure."""

import re
from typing import Final

from .candle import SECONDS, Currency, Interval
from .paths import Delivery

MAX_FILL: Final = 10_000
SHOWN_CANDLES: Final = 500
_MAX_SHOWN_CANDLES: Final = 1_000  # that the stack answers at once

_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_API: Final = re.compile(r"https?://[^\s?#]+")


def check_stack(api: str, get_token: object, on_state: object = None) -> None:
    """Raise ValueError that names what is wrong of what leads to the stack."""
    _check(_matches(_API, api), "api must be the URL RestApiUrl", api)
    is_function = get_token is None or callable(get_token)
    _check(is_function, "get_token must be a function", type(get_token))  # the value may be a pass
    _check_functions({"on_state": on_state})


def check_wishes(token: str, delivery: Delivery, max_fill: int, **functions: object) -> None:
    """Raise ValueError that names what is wrong of how a token is followed."""
    _check_token(token)
    _check(delivery in ("all", "latest"), 'delivery must be "all" or "latest"', delivery)
    _check(max_fill > 0, "max_fill must be above 0", max_fill)
    _check_functions(functions)


def check_chart(
    token: str, interval: Interval, currency: Currency, limit: int, **functions: object
) -> None:
    """Raise ValueError that names what is wrong of how a chart is drawn."""
    _check_token(token)
    _check(interval in SECONDS, f"interval must be one of {', '.join(SECONDS)}", interval)
    _check(currency in ("sol", "usd"), 'currency must be "sol" or "usd"', currency)
    is_right = 1 <= limit <= _MAX_SHOWN_CANDLES
    _check(is_right, f"limit must be 1 to {_MAX_SHOWN_CANDLES}", limit)
    _check_functions(functions)


def _check_token(token: str) -> None:
    _check(_matches(_TOKEN, token), "token must be 1 to 64 of A-Z a-z 0-9 _ -", token)


def _check_functions(functions: dict[str, object]) -> None:
    for name, value in functions.items():
        _check(value is None or callable(value), f"{name} must be a function", value)


def _check(is_right: bool, rule: str, value: object) -> None:
    if not is_right:
        raise ValueError(f"{rule}; got {value!r}")


def _matches(pattern: re.Pattern[str], value: object) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None
