"""A demonstration's client whose token the stack does not stream."""

import pytest

from local.errors import NotStreamedError
from local.followers import following
from tests.client.stack import Stack
from tests.client.trades import TOKEN


async def test_refused_demo_says_at_once_why_and_what_mends_it(stack: Stack) -> None:
    stack.connect_status = 404

    with pytest.raises(
        NotStreamedError, match=r"glow:tokens is set.*\n.*config rm tokens && make up"
    ):
        async with following(TOKEN, api=stack.url):
            pass

    assert len(stack.asked) <= 1
