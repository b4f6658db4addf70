"""While a call runs: notice that its client leaves, and keep the stream alive on which nothing is said."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from starlette.types import Receive

T = TypeVar("T")

# Most calls are answered sooner. A client that leaves is noticed in time for its call to be stopped within the second
# that is promised.
MOMENT_SECONDS = 0.1
PING_SECONDS = 15.0

Ping = Callable[[], Awaitable[None]]


class ClientLeft(Exception):
    """The client closed its connection before it had its answer; the call was cancelled."""


class Presence:
    """Watches over the clients of calls that take longer than a moment.

    One timer looks for all of them: a call that is answered at once pays for no timer of its own.
    """

    def __init__(self) -> None:
        self._young: dict[_Waiting, None] = {}  # in the order in which they began
        self._is_looking = False

    async def during(self, receive: Receive, ping: Ping, work: Awaitable[T]) -> T:
        """The result of `work`, unless the client leaves before.

        Args:
            receive: of the request, whose body has been read.
            ping: called each 15 s while nothing else may have been said.

        Raises:
            ClientLeft: it did, and `work` was cancelled.
        """
        waiting = _Waiting(receive, ping)
        self._young[waiting] = None
        if not self._is_looking:
            self._look_later(waiting.loop)
        try:
            return await work
        except asyncio.CancelledError:
            if waiting.watcher is None or not waiting.watcher.done():
                raise
            waiting.worker.uncancel()
            raise ClientLeft from None
        finally:
            if waiting.watcher is None:
                del self._young[waiting]
            else:
                waiting.watcher.cancel()
                await asyncio.wait([waiting.watcher])

    def _look_later(self, loop: asyncio.AbstractEventLoop) -> None:
        self._is_looking = True
        loop.call_later(MOMENT_SECONDS / 2, self._look, loop)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin to watch over those who have waited for a moment."""
        old = [each for each in self._young if each.since <= loop.time() - MOMENT_SECONDS]
        for each in old:
            del self._young[each]
            each.watcher = loop.create_task(_watch(each.worker, each.receive, each.ping), name="client's presence")
        self._is_looking = False
        if self._young:
            self._look_later(loop)


class _Waiting:
    """A client that waits for its call, since when (seconds of the loop), and the call's task."""

    __slots__ = ("loop", "ping", "receive", "since", "watcher", "worker")

    def __init__(self, receive: Receive, ping: Ping):
        worker = asyncio.current_task()
        assert worker is not None
        self.worker = worker
        self.loop = worker.get_loop()
        self.since = self.loop.time()
        self.receive = receive
        self.ping = ping
        self.watcher: asyncio.Task[None] | None = None


async def _watch(worker: asyncio.Task[object], receive: Receive, ping: Ping) -> None:
    while True:
        try:
            async with asyncio.timeout(PING_SECONDS):
                message = await receive()
        except TimeoutError:
            await ping()
        else:
            if message["type"] == "http.disconnect":
                worker.cancel()
                return
