"""The process's one event loop: it is kept between invocations, and with it the open connections."""

import asyncio
from functools import cache


@cache
def event_loop() -> asyncio.AbstractEventLoop:
    """uvloop's where the dependency layer has it: the same posts for half the CPU (facts §4)."""
    try:
        import uvloop  # noqa: PLC0415 - optional
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()
