"""While a call runs: notice that its client leaves, and keep the stream alive on which nothing is said."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

from starlette.types import Receive

from gateway.doors.companion import MOMENT_SECONDS, Companion
from gateway.doors.reply import PING_SECONDS
from gateway.overdue import Overdue

T = TypeVar("T")

Ping = Callable[[], Awaitable[None]]


class ClientLeft(Exception):
    """The client closed its connection before it had its answer; the call was cancelled."""


class Presence:
    """Watches over the clients of calls that take longer than a moment."""

    def __init__(self) -> None:
        self._young = Overdue(MOMENT_SECONDS)

    async def during(self, receive: Receive, ping: Ping, work: Awaitable[T]) -> T:
        """The result of `work`, unless the client leaves before.

        Args:
            receive: of the request, whose body has been read.
            ping: called each 15 s while nothing else may have been said.

        Raises:
            ClientLeft: it did, and `work` was cancelled.
        """
        watcher = Companion(self._young, partial(_watch, receive, ping))
        try:
            return await work
        except asyncio.CancelledError:
            if not watcher.is_done:
                raise
            watcher.call.uncancel()
            raise ClientLeft from None
        finally:
            if (ending := watcher.leave()) is not None:
                await asyncio.wait([ending])


async def _watch(receive: Receive, ping: Ping, call: asyncio.Task[object]) -> None:
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
