"""The express door for legacy clients (2025-11-25 and older, with `mcp-session-id`).

Stands behind the one for modern clients and takes, like that, what it can prove it answers exactly as the main door
would. The handshake is the main door's, and so is all that is said in a session before it.
"""

from collections.abc import Callable
from typing import Any

import orjson
from mcp.server.streamable_http import REQUEST_CANCELLED
from mcp_types import CONNECTION_CLOSED
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.doors.bodies import again, read_body
from gateway.doors.credentials import Credentials
from gateway.doors.express import ACCEPTED
from gateway.doors.inbound import Headers
from gateway.doors.legacy_calls import LegacyCalls
from gateway.doors.legacy_inbound import call_in, message_in
from gateway.doors.legacy_opening import Opening, handshake_in
from gateway.doors.legacy_reply import LegacyReply, answer_json
from gateway.doors.legacy_sessions import LegacySessions, Session
from gateway.doors.legacy_transport import Transport
from gateway.doors.routes import route_over_http
from gateway.doors.serving import Serving
from gateway.model.principal import Principal
from gateway.upstream.session import LEGACY_VERSIONS

VERSIONS = frozenset(version.encode() for version in LEGACY_VERSIONS)
MARKS_STREAMS = b"2025-11-25"
PING = frozenset({"jsonrpc", "id", "method"})
CANCELLED = (REQUEST_CANCELLED, "Request cancelled")
SESSION_OVER = (CONNECTION_CLOSED, "The client ended the session before the call had ended. It may have run.")


class LegacyExpress:
    """An ASGI app before FastMCP's own.

    Args:
        path: of the MCP endpoint.
        credentials: tell who calls.
        calls: answer those that are taken.
        transport_of: finds the SDK's transport of a session.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        path: str,
        serving: Serving,
        credentials: Credentials,
        calls: LegacyCalls,
        transport_of: Callable[[str], Transport | None],
    ):
        self._app = app
        self._path = path
        self._serving = serving
        self._credentials = credentials
        self._calls = calls
        self._transport_of = transport_of
        self._sessions = LegacySessions()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = self._headers(scope)
        id = headers.get(b"mcp-session-id") if headers is not None else None
        session = self._sessions.find(id) if id is not None else None
        if headers is None or (session is None and id is not None):
            await self._app(scope, receive, send)
        elif session is None:
            await self._opened(headers, scope, receive, send)
        else:
            await self._within(session, headers, scope, receive, send)

    def _headers(self, scope: Scope) -> Headers | None:
        """The headers of a request that may be for this door; None for any other."""
        if scope["type"] != "http" or scope["path"] != self._path or scope["method"] not in ("POST", "DELETE"):
            return None
        headers = dict(scope["headers"])
        version = headers.get(b"mcp-protocol-version")
        if len(headers) != len(scope["headers"]) or (version is not None and version not in VERSIONS):
            return None
        return headers

    async def _opened(self, headers: Headers, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a handshake through, and know the session that it opens."""
        taken: list[Message] = []
        body = await read_body(receive, taken)
        handshake = handshake_in(body) if body is not None else None
        principal = await self._credentials.principal(headers) if handshake is not None else None
        if handshake is not None and principal is not None:
            send = Opening(handshake, principal, self._transport_of, self._sessions.add).watched(send)
        await self._app(scope, again(taken, receive), send)

    async def _within(self, session: Session, headers: Headers, scope: Scope, receive: Receive, send: Send) -> None:
        """A request that names a session."""
        principal = await self._credentials.principal(headers)
        if principal is None or principal.subject != session.subject:  # the SDK says that there is no such session
            await self._app(scope, receive, send)
        elif scope["method"] == "DELETE":
            await self._app(scope, receive, send)
            if session.transport.is_over:
                self._sessions.forget(session)
                session.end(*SESSION_OVER)
        elif not _is_plain(session, headers):
            await self._app(scope, receive, send)
        else:
            await self._posted(session, principal, headers, scope, receive, send)

    async def _posted(
        self, session: Session, principal: Principal, headers: Headers, scope: Scope, receive: Receive, send: Send
    ) -> None:
        taken: list[Message] = []
        body = await read_body(receive, taken)
        message = message_in(body) if body is not None else {}
        call = call_in(message) if session.is_ready else None
        route = route_over_http(self._serving, call.kind, call.name) if call is not None else None
        if call is not None and route is not None and not session.runs(call.id):
            is_marked = headers.get(b"mcp-protocol-version") == MARKS_STREAMS
            reply = LegacyReply(send, session.transport, session.header, call.id, is_marked=is_marked)
            await self._calls.answer(session, principal, call, route, reply)
        elif _is_taken(session, message):
            await answer_json(send, session.header, 202, b"")
        elif session.is_ready and _is_ping(message):
            body = orjson.dumps({"jsonrpc": "2.0", "id": message["id"], "result": {}})
            with session.transport:
                await answer_json(send, session.header, 200, body)
        else:
            if message.get("method") == "notifications/initialized":
                send = _noticing(session, send)
            elif message.get("method") == "initialize":  # once more: what is known of the session may change
                self._sessions.forget(session)
            await self._app(scope, again(taken, receive), send)


def _is_plain(session: Session, headers: Headers) -> bool:
    """Whether the headers of a message are as they are with most, and agree with the session."""
    return (
        headers.get(b"mcp-protocol-version", session.version) == session.version
        and headers.get(b"accept") in ACCEPTED
        and headers.get(b"content-type") == b"application/json"
    )


def _is_ping(message: dict[str, Any]) -> bool:
    return message.keys() == PING and message["method"] == "ping" and type(message["id"]) in (int, str)


def _is_taken(session: Session, message: dict[str, Any]) -> bool:
    """Whether a message is no request, and was for something that this door began: an answer, or a cancellation."""
    if "method" not in message:
        return session.questions.take(message)
    if message["method"] != "notifications/cancelled" or "id" in message or type(message.get("params")) is not dict:
        return False
    return session.end_request(message["params"].get("requestId"), *CANCELLED)


def _noticing(session: Session, send: Send) -> Send:
    """`send`, which notices that the main door takes the session for initialized from now on."""

    async def noticing(message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] == 202:
            session.is_ready = True
        await send(message)

    return noticing
