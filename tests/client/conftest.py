"""A fake stack for each test, on an event loop whose clock runs fast; scenarios have virtual time, and
what speaks to the real Worker has the real one."""

from asyncio import AbstractEventLoop, SelectorEventLoop
from collections.abc import AsyncIterator, Callable, Mapping

import pytest

from tests.client.fast_loop import FastLoop
from tests.client.scenarios.virtual_time import VirtualLoop
from tests.client.stack import Stack


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], AbstractEventLoop]]:
    if item.path.name == "test_scenarios.py":
        return {"virtual": VirtualLoop}
    if item.path.name == "test_feed_hub.py":
        return {"real": SelectorEventLoop}
    return {"fast": FastLoop}


@pytest.fixture
async def stack() -> AsyncIterator[Stack]:
    async with Stack().running() as running:
        yield running
