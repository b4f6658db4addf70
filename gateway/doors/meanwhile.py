"""Beside a call that takes long: notice that its client leaves, and keep the stream alive on which nothing is said."""

import asyncio
from collections.abc import Awaitable, Callable

from starlette.types import Receive

from gateway.doors.reply import PING_SECONDS

Ping = Callable[[], Awaitable[None]]


async def watch(receive: Receive, ping: Ping, call: asyncio.Task[object]) -> None:
    """Cancel `call` once `receive` says that its client left. `ping` each 15 s until then."""
    while True:
        try:
            async with asyncio.timeout(PING_SECONDS):
                message = await receive()
        except TimeoutError:
            await ping()
        else:
            if message["type"] == "http.disconnect":
                call.cancel()
                return
