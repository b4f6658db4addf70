"""Let what is running finish, and end what would never end by itself."""

import asyncio
from collections.abc import Awaitable, Callable

from sse_starlette.sse import AppStatus
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.doors.headers import says
from gateway.observe.logs import get_logger

log = get_logger(__name__)


class _Count:
    """How many run, and an event for who waits until none does."""

    def __init__(self) -> None:
        self.running = 0
        self.none: asyncio.Event | None = None


class Exchanges:
    """An ASGI app that knows how many of its requests are still to be answered.

    Streams that a client holds open to hear of changes are none of them: nobody waits for their end. With `beside`, its
    requests are counted among those.
    """

    def __init__(self, app: ASGIApp, beside: "Exchanges | None" = None):
        self._app = app
        self._count: _Count = beside._count if beside is not None else _Count()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or _only_listens(scope):
            await self._app(scope, receive, send)
            return
        count = self._count
        count.running += 1
        try:
            await self._app(scope, receive, send)
        finally:
            count.running -= 1
            if not count.running and count.none is not None:
                count.none.set()

    async def finished(self) -> None:
        """Until every one is answered."""
        count = self._count
        while count.running:
            if count.none is None or count.none.is_set():
                count.none = asyncio.Event()
            await count.none.wait()


def _only_listens(scope: Scope) -> bool:
    """A legacy client listens with a GET (2025-11-25, `basic/transports`), a modern one with `subscriptions/listen`."""
    return scope["method"] == "GET" or says(scope, b"mcp-method", b"subscriptions/listen")


class Streams:
    """The event streams of legacy clients, which sse-starlette ends at the first signal unless it is kept from it.

    That would cut off answers too, because a legacy call is answered on such a stream.
    """

    def __enter__(self) -> "Streams":
        AppStatus.disable_automatic_graceful_drain()
        return self

    def end(self) -> None:
        """End them all, within half a second."""
        AppStatus.should_exit = True

    def __exit__(self, *_: object) -> None:
        AppStatus.should_exit = False
        AppStatus.enable_automatic_graceful_drain_mode()


class Drains:
    """What no longer serves, while the calls that it still has run on. Each is closed after them."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self._hurry = asyncio.Event()

    def start(
        self, name: str, ended: Callable[[], Awaitable[None]], close: Callable[[], Awaitable[None]], seconds: float
    ) -> None:
        """Have `close` called when `ended` has returned, or after so many seconds."""
        task = asyncio.create_task(self._drain(name, ended, close, seconds), name=f"drain of {name}")
        self._tasks.add(task)
        task.add_done_callback(self._done)

    async def _drain(
        self, name: str, ended: Callable[[], Awaitable[None]], close: Callable[[], Awaitable[None]], seconds: float
    ) -> None:
        waits = [asyncio.ensure_future(each) for each in (ended(), self._hurry.wait())]
        done, late = await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for wait in late:
            wait.cancel()
        if not done:
            log.warning("closed with calls still running", what=name, waited=seconds)
        await close()

    async def done(self) -> None:
        """Until all of it is closed."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def finish(self) -> None:
        """Close everything now, and return when it is."""
        self._hurry.set()
        await self.done()
        self._hurry = asyncio.Event()

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (failure := task.exception()) is not None:
            log.error("could not be closed", what=task.get_name(), exc_info=failure)
