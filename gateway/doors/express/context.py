"""What the code of a service's tool can ask FastMCP about its request, at a door where FastMCP has not seen it.

FastMCP's helpers (`get_context`, `get_http_request`, `get_http_headers`, `get_access_token`, `get_server`) read context
variables. They hold the same here as at the main door; the SDK's own part is made when somebody asks for it.
"""

import weakref
from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar, Token
from functools import cached_property
from types import TracebackType
from typing import Any, NamedTuple

import anyio
from fastmcp import FastMCP
from fastmcp.server.auth import AccessToken
from fastmcp.server.context import Context, _current_context, _current_transport
from fastmcp.server.dependencies import FastMCPRequestContext, _current_server, fastmcp_request_ctx
from fastmcp.server.http import _current_http_request
from mcp.server.auth.middleware.auth_context import auth_context_var
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.connection import Connection
from mcp.server.context import ServerRequestContext
from mcp.server.session import ServerSession
from mcp.shared.dispatcher import CallOptions
from mcp.shared.exceptions import NoBackChannelError
from mcp.shared.message import ServerMessageMetadata
from mcp.shared.transport_context import TransportContext
from mcp_types import RequestParams, RequestParamsMeta
from starlette.authentication import AuthCredentials
from starlette.requests import Request
from starlette.types import Receive, Scope

from gateway.doors.express.inbound import Inbound
from gateway.upstream.session import META_CAPABILITIES, META_CLIENT, MODERN

Notify = Callable[[str, Mapping[str, Any]], Awaitable[None]]


class Asked(NamedTuple):
    """A modern request as it came in over HTTP.

    `receive` gives its body again. `token` is what its credential proved, if there is authentication; `notify` tells
    the client something before the answer.
    """

    inbound: Inbound
    scope: Scope
    receive: Receive
    token: AccessToken | None
    notify: Notify


class InContext:
    """While this is entered, FastMCP's helpers tell of `asked`, a call of a tool of `server`."""

    def __init__(self, server: FastMCP, asked: Asked):
        user = AuthenticatedUser(asked.token) if asked.token is not None else None
        request = _http_request(asked, user)
        self._channel = _Channel(asked, request)
        self._values: tuple[tuple[ContextVar[Any], Any], ...] = (
            (fastmcp_request_ctx, _RequestContext(asked, request, self._channel)),
            (_current_http_request, request),
            (_current_transport, "streamable-http"),
            (_current_context, Context(fastmcp=server)),
            (_current_server, weakref.ref(server)),
            (auth_context_var, user),
        )
        self._tokens: list[Token[Any]] = []

    def __enter__(self) -> None:
        self._tokens = [variable.set(value) for variable, value in self._values]

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._channel.is_open = False
        for (variable, _), token in zip(self._values, self._tokens, strict=True):
            variable.reset(token)


def _http_request(asked: Asked, user: AuthenticatedUser | None) -> Request:
    if user is None:
        return Request(asked.scope, asked.receive)
    return Request({**asked.scope, "user": user, "auth": AuthCredentials(user.scopes)}, asked.receive)


class _RequestContext(FastMCPRequestContext):
    """FastMCP's view of the request."""

    def __init__(self, asked: Asked, request: Request, channel: "_Channel"):
        self.request_id = str(asked.inbound.id)
        self.meta = asked.inbound.meta
        self.request = request
        self.protocol_version = MODERN
        self.close_sse_stream = None
        self.lifespan_context = {}
        self._asked = asked
        self._channel = channel

    @cached_property
    def session(self) -> ServerSession:
        meta = self._asked.inbound.meta
        connection = Connection.from_envelope(MODERN, meta.get(META_CLIENT), meta.get(META_CAPABILITIES))
        return ServerSession(self._channel, connection, request_meta=self._sdk_meta)

    @cached_property
    def _sdk_meta(self) -> RequestParamsMeta | None:
        return RequestParams.model_validate(self._asked.inbound.params, by_name=False).meta

    @cached_property
    def _srctx(self) -> ServerRequestContext[Any, Any]:
        return ServerRequestContext(
            session=self.session,
            lifespan_context=self.lifespan_context,
            method=self._asked.inbound.method,
            params=self._asked.inbound.params,
            request_id=self._asked.inbound.id,
            meta=self._sdk_meta,
            protocol_version=MODERN,
            request=self.request,
        )


class _Channel:
    """The SDK's way back to the client: notifications until the answer is given, and never a request."""

    can_send_request = False

    def __init__(self, asked: Asked, request: Request):
        self.is_open = True
        self.request_id = asked.inbound.id
        self.progress_token = asked.inbound.progress_token
        self._notify = asked.notify
        self._request = request

    @cached_property
    def transport(self) -> TransportContext:
        return TransportContext(kind="streamable-http", can_send_request=False, headers=self._request.headers)

    @cached_property
    def message_metadata(self) -> ServerMessageMetadata:
        return ServerMessageMetadata(request_context=self._request)

    @cached_property
    def cancel_requested(self) -> anyio.Event:
        return anyio.Event()

    async def send_raw_request(
        self, method: str, params: Mapping[str, Any] | None, opts: CallOptions | None = None
    ) -> dict[str, Any]:
        raise NoBackChannelError(method)

    async def notify(self, method: str, params: Mapping[str, Any] | None, opts: CallOptions | None = None) -> None:
        if self.is_open:
            await self._notify(method, params or {})

    async def progress(self, progress: float, total: float | None = None, message: str | None = None) -> None:
        if self.progress_token is None:
            return
        told = {"progressToken": self.progress_token, "progress": progress, "total": total, "message": message}
        await self.notify("notifications/progress", {name: value for name, value in told.items() if value is not None})
