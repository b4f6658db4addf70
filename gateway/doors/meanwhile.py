"""While a call runs: notice that its client leaves, and keep the stream alive on which nothing is said."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from starlette.types import Receive

T = TypeVar("T")

# Most calls are answered sooner, and cost only a timer that never fires. A client that leaves is noticed in time for
# its call to be stopped within the second that is promised.
MOMENT_SECONDS = 0.1
PING_SECONDS = 15.0


class ClientLeft(Exception):
    """The client closed its connection before it had its answer; the call was cancelled."""


async def while_present(receive: Receive, ping: Callable[[], Awaitable[None]], work: Awaitable[T]) -> T:
    """The result of `work`, unless the client leaves before.

    Args:
        receive: of the request, whose body has been read.
        ping: called each 15 s while nothing else may have been said.

    Raises:
        ClientLeft: it did, and `work` was cancelled.
    """
    worker = asyncio.current_task()
    assert worker is not None
    watchers: list[asyncio.Task[None]] = []

    def watch() -> None:
        watchers.append(asyncio.create_task(_watch(worker, receive, ping), name="client's presence"))

    moment = asyncio.get_running_loop().call_later(MOMENT_SECONDS, watch)
    try:
        return await work
    except asyncio.CancelledError:
        if not any(watcher.done() for watcher in watchers):
            raise
        worker.uncancel()
        raise ClientLeft from None
    finally:
        moment.cancel()
        for watcher in watchers:
            watcher.cancel()
            await asyncio.wait([watcher])


async def _watch(worker: asyncio.Task[object], receive: Receive, ping: Callable[[], Awaitable[None]]) -> None:
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
