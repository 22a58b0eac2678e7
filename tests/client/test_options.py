"""A mistake in an option is told at once."""

from typing import Any

import pytest

from client import subscribe


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
