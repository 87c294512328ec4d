"""A slow link: a process that passes connections on to a server, and lets everything wait on the way."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

CHUNK = 65_536


async def _pass_on(source: asyncio.StreamReader, target: asyncio.StreamWriter, seconds: float) -> None:
    """Pass on what comes, each piece so much later."""
    while data := await source.read(CHUNK):
        await asyncio.sleep(seconds)
        target.write(data)
        await target.drain()
    target.close()


def _serving(port: int, seconds: float) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(_pass_on(reader, back, seconds), _pass_on(there, writer, seconds), return_exceptions=True)

    return serve


async def _main(port: int, server: int, seconds: float) -> None:
    listening = await asyncio.start_server(_serving(server, seconds), "127.0.0.1", port)
    async with listening:
        await listening.serve_forever()


if __name__ == "__main__":
    asyncio.run(_main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])))
