"""The process's one event loop. It is kept between invocations, as are its open connections."""

import asyncio
from functools import cache


@cache
def event_loop() -> asyncio.AbstractEventLoop:
    """uvloop's, if the dependency layer has it: posts take half the CPU (facts/aws.md §4)."""
    try:
        import uvloop  # noqa: PLC0415 - optional
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()
