"""How serving over HTTP ends: requests are answered first, then streams are ended that would never end themselves."""

import asyncio

from sse_starlette.sse import AppStatus
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.doors.headers import says
from gateway.running import Count


class Unanswered:
    """An ASGI app that knows how many of its requests are still to be answered.

    Streams that a client holds open to hear of changes are none of them: nobody waits for their end. With `beside`, its
    requests are counted among those.
    """

    def __init__(self, app: ASGIApp, beside: "Unanswered | None" = None):
        self._app = app
        self._count: Count = beside._count if beside is not None else Count()

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
