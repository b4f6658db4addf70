"""One line for each request that no line of a call tells of: lists, handshakes, probes, and what is refused."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.observe.logs import get_logger

log = get_logger("gateway.access")


class AccessLog:
    """Stands between the express door, whose calls have lines of their own, and everything behind it.

    uvicorn's own access log, for which each request would be written twice, is off where this is on.
    """

    def __init__(self, app: ASGIApp):
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        await self._app(scope, receive, logged(scope, send))


def logged(scope: Scope, send: Send) -> Send:
    """`send`, which also writes the line of an HTTP request once its status is known."""

    async def logging(message: Message) -> None:
        if message["type"] == "http.response.start":
            client = scope.get("client")
            address = f"{client[0]}:{client[1]}" if client else ""
            log.info("request", client=address, method=scope["method"], path=scope["path"], status=message["status"])
        await send(message)

    return logging
