"""Both sources as one stream."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence

from ops.errors import OpsError
from ops.logs.line import Line

Source = AsyncIterator[list[Line]]


async def merged(
    sources: Sequence[Source], *, lost: Callable[[OpsError], None]
) -> AsyncGenerator[list[Line]]:
    """What each source brings, as it comes. One that ends with an error is told to `lost`, and the others
    go on; at the end of the last one the stream ends."""
    queue: asyncio.Queue[list[Line] | None] = asyncio.Queue()

    async def read(source: Source) -> None:
        try:
            async for lines in source:
                await queue.put(lines)
        except OpsError as error:
            lost(error)
        finally:
            await queue.put(None)

    tasks = [asyncio.create_task(read(source)) for source in sources]
    going = len(tasks)
    try:
        while going:
            lines = await queue.get()
            if lines is None:
                going -= 1
            else:
                yield lines
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
