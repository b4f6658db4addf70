"""The SDK's own side of a legacy session: held open while it is used beside the SDK, and told what was said there.

The one place that reaches into the SDK's transport; `tests/doors/legacy/test_transport.py` notices when that changes.
"""

import math
from collections.abc import Callable
from typing import Any

import anyio
from fastmcp.server.auth.middleware import RequireAuthMiddleware
from fastmcp.server.http import StreamableHTTPASGIApp
from mcp.server.streamable_http import GET_STREAM_KEY, EventMessage, StreamableHTTPServerTransport
from mcp_types import JSONRPCMessage
from pydantic import TypeAdapter
from starlette.applications import Starlette
from starlette.routing import Route

from gateway.ground.overdue import Overdue

MESSAGE: TypeAdapter[JSONRPCMessage] = TypeAdapter(JSONRPCMessage)
# To move the SDK's timer twice for each call would be a tenth of the call's cost.
UNUSED_SECONDS = 1.0


class Transport:
    """One session's transport. While a request is answered in a `with` block, the session does not end for want of any,
    as if the transport itself had the request; the SDK's time for that begins once it has been `unused` for a moment.
    """

    def __init__(self, transport: StreamableHTTPServerTransport, unused: Overdue):
        self._transport = transport
        self._unused = unused

    @property
    def is_over(self) -> bool:
        """Whether the SDK has ended the session, or is about to."""
        scope = self._transport.idle_scope
        return self._transport.is_terminated or (scope is not None and scope.cancel_called)

    def __enter__(self) -> None:
        self._transport._requests_in_flight += 1
        self._unused.discard(self)
        scope = self._transport.idle_scope
        if scope is not None and scope.deadline != math.inf:
            scope.deadline = math.inf

    def __exit__(self, *_: object) -> None:
        self._transport._requests_in_flight -= 1
        if not self._transport._requests_in_flight and self._transport.idle_scope is not None:
            self._unused.add(self, self._unused.loop.running())

    def late(self) -> None:
        """Nobody has used it for a moment."""
        transport = self._transport
        if not transport._requests_in_flight and transport.idle_scope is not None:
            assert transport._idle_timeout is not None  # or there would be no scope
            transport.idle_scope.deadline = anyio.current_time() + transport._idle_timeout

    async def mark(self, stream: str) -> str | None:
        """The id of an event that only marks the beginning of `stream`; None where streams cannot be taken up again."""
        store = self._transport._event_store
        return await store.store_event(stream, None) if store is not None else None

    async def keep(self, stream: str, message: dict[str, Any], *, is_last: bool) -> str | None:
        """Keep a message for who takes `stream` up again, or has done so; returns its event id, if it has one."""
        store, typed = self._transport._event_store, MESSAGE.validate_python(message)
        id = await store.store_event(stream, typed) if store is not None else None
        listening = self._transport._request_streams.get(stream)
        if listening is not None:
            self._forward(listening[0], EventMessage(typed, id), is_last)
        return id

    async def tell(self, message: dict[str, Any]) -> None:
        """Say something on the stream that belongs to no request."""
        await self.keep(GET_STREAM_KEY, message, is_last=False)

    def _forward(self, stream: Any, event: EventMessage, is_last: bool) -> None:
        """To a client that does not read, its stream ends: it takes it up again and misses nothing."""
        try:
            stream.send_nowait(event)
        except anyio.WouldBlock:
            stream.close()
        except (anyio.BrokenResourceError, anyio.ClosedResourceError):
            pass
        else:
            if is_last:
                stream.close()


def transports_of(app: Starlette, path: str) -> Callable[[str], Transport | None] | None:
    """A function that finds the transport of a session id in FastMCP's `app`; None for an app without such sessions."""
    endpoints = [route.endpoint for route in app.routes if isinstance(route, Route) and route.path == path]
    inner = [each.app if isinstance(each, RequireAuthMiddleware) else each for each in endpoints]
    serving = next((each for each in inner if isinstance(each, StreamableHTTPASGIApp)), None)
    if serving is None:
        return None

    unused = Overdue(UNUSED_SECONDS)

    def find(session_id: str) -> Transport | None:
        manager = serving.session_manager  # made when the app starts
        transport = manager._server_instances.get(session_id) if manager is not None else None
        return Transport(transport, unused) if transport is not None else None

    return find
