"""Calls in threads, which are made when first needed: many at once, or one that has to end in time."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from contextvars import copy_context
from functools import cache
from typing import TYPE_CHECKING, TypeVar

from functions.glow import log
from functions.glow.errors import Unavailable
from functions.glow.runtime.aws import MAX_CONCURRENT_CALLS
from functions.glow.runtime.deadline import seconds_left

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

Item = TypeVar("Item")
Result = TypeVar("Result")


def in_parallel(call: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
    """`call` each item; the results in the order of `items`. A lone item needs no thread.

    Every call has ended when this returns or raises.
    """
    if len(items) <= 1:
        return [call(item) for item in items]
    calls = [_submit(call, item) for item in items]
    _wait(calls, math.inf)
    return [done.result() for done in calls]


def by_the_deadline(call: Callable[[], Result], *, keep_seconds: float = 0.0) -> Result:
    """The result of `call`; Unavailable when all but `keep_seconds` of the deadline has passed before.

    A time-out of a client does not bound a call: it counts anew for each address, for the handshake
    and for each byte that drips in. So this call is left alone with its thread. It ends with its
    next call to AWS, which finds the deadline spent.
    """
    running = _submit(call)
    if not _wait([running], seconds_left() - keep_seconds):
        raise Unavailable("not done before the deadline of the request; send it again")
    return running.result()


@contextmanager
def beside(*calls: Callable[[], object], keep_seconds: float = 0.0) -> Generator[None]:
    """Do `calls` in threads while the block runs, and wait for them at its end.

    Where there is a deadline, the wait leaves `keep_seconds` of it. Calls that take longer are left
    alone: the request can do without them.
    """
    running = [_submit(call) for call in calls]
    try:
        yield
    finally:
        if running and not _wait(running, seconds_left() - keep_seconds):
            log.warning("calls_left_alone", calls=sum(not call.done() for call in running))
        for call in running:
            if call.done():
                call.result()


def _submit(call: Callable[..., Result], *arguments: object) -> Future[Result]:
    return _threads().submit(copy_context().run, call, *arguments)


def _wait(calls: Sequence[Future[Result]], seconds: float) -> bool:
    """Whether all ended within `seconds`. If not, later calls get new threads: those that are busy
    now may stay so."""
    from concurrent.futures import wait  # noqa: PLC0415 - not every function needs threads

    _, running = wait(calls, timeout=None if seconds == math.inf else max(0.0, seconds))
    if running:
        _threads.cache_clear()
    return not running


@cache
def _threads() -> ThreadPoolExecutor:
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - see above

    return ThreadPoolExecutor(MAX_CONCURRENT_CALLS, thread_name_prefix="aws-call")
