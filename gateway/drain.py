"""Let what is running finish, and end what would never end by itself."""

import asyncio

from sse_starlette.sse import AppStatus
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send


class Exchanges:
    """An ASGI app that knows how many of its requests are still to be answered.

    Streams that a client holds open to hear of changes are none of them: nobody waits for their end.
    """

    def __init__(self, app: ASGIApp):
        self._app = app
        self._running = 0
        self._none = asyncio.Event()
        self._none.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or _only_listens(scope):
            await self._app(scope, receive, send)
            return
        self._running += 1
        self._none.clear()
        try:
            await self._app(scope, receive, send)
        finally:
            self._running -= 1
            if not self._running:
                self._none.set()

    async def finished(self) -> None:
        """Until every one is answered."""
        await self._none.wait()


def _only_listens(scope: Scope) -> bool:
    """A legacy client listens with a GET (2025-11-25, `basic/transports`), a modern one with `subscriptions/listen`."""
    return scope["method"] == "GET" or Headers(scope=scope).get("mcp-method") == "subscriptions/listen"


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
