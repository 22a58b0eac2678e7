"""A server that is far away: what it says comes later."""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import Generator
from contextlib import contextmanager, suppress
from threading import Thread
from urllib.parse import urlsplit


@contextmanager
def far_away(url: str, *, seconds: float) -> Generator[str]:
    """Where the server at `url` answers too, each byte so much later."""
    near = urlsplit(url)
    loop = asyncio.new_event_loop()

    async def carry(reader: StreamReader, writer: StreamWriter, late: float) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65_536):
                loop.call_later(late, writer.write, data)
        loop.call_later(late, writer.close)

    async def connected(reader: StreamReader, writer: StreamWriter) -> None:
        from_near, to_near = await asyncio.open_connection(near.hostname, near.port)
        await asyncio.gather(carry(reader, to_near, 0), carry(from_near, writer, seconds))

    server = loop.run_until_complete(asyncio.start_server(connected, "127.0.0.1", 0))
    thread = Thread(target=loop.run_forever)
    thread.start()
    try:
        yield f"{near.scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        server.close()
        loop.run_until_complete(_ended(loop))
        loop.close()


async def _ended(loop: asyncio.AbstractEventLoop) -> None:
    """What still runs in `loop` is given up."""
    running = asyncio.all_tasks(loop) - {asyncio.current_task(loop)}
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
