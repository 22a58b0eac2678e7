"""The same call on many items at once, in threads that are made when first needed."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, TypeVar

from functions.glow.runtime.aws import MAX_CONCURRENT_CALLS

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

Item = TypeVar("Item")
Result = TypeVar("Result")


def in_parallel(call: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
    """`call` each item; the results in the order of `items`. A lone item needs no thread.

    Every call has ended when this returns or raises: Lambda would freeze one that still runs.
    """
    if len(items) <= 1:
        return [call(item) for item in items]
    from concurrent.futures import wait  # noqa: PLC0415 - a lone trade needs none

    calls = [_threads().submit(call, item) for item in items]
    wait(calls)
    return [done.result() for done in calls]


@contextmanager
def beside(*calls: Callable[[], object]) -> Generator[None]:
    """Do `calls` in threads while the block runs, and wait for them at its end."""
    if not calls:
        yield
        return
    running = [_threads().submit(call) for call in calls]
    try:
        yield
    finally:
        for call in running:
            call.result()


@cache
def _threads() -> ThreadPoolExecutor:
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - a lone trade needs none

    return ThreadPoolExecutor(MAX_CONCURRENT_CALLS, thread_name_prefix="aws-call")
