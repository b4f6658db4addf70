"""The express door for legacy clients (2025-11-25 and older, with `mcp-session-id`).

Stands behind the one for modern clients and takes, like that, what it can prove it answers exactly as the main door
would. The handshake is the main door's, and so is all that is said in a session before it.
"""

from collections.abc import Callable
from typing import Any, Final

import orjson
from mcp.server.streamable_http import REQUEST_CANCELLED
from mcp_types import CONNECTION_CLOSED
from starlette.applications import Starlette
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.doors.access import logged
from gateway.doors.bodies import again, read_body
from gateway.doors.credentials import Credentials
from gateway.doors.headers import Headers, headers_of
from gateway.doors.legacy.calls import LegacyCalls
from gateway.doors.legacy.inbound import call_in, message_in
from gateway.doors.legacy.opening import Opening, handshake_in
from gateway.doors.legacy.reply import LegacyReply, answer_json
from gateway.doors.legacy.sessions import LegacySessions, Session
from gateway.doors.legacy.transport import Transport, transports_of
from gateway.doors.ready import ReadyLists
from gateway.doors.requests import ACCEPTED
from gateway.doors.routes import lead_over_http
from gateway.doors.serving import Serving
from gateway.errors import InvalidRequest
from gateway.model.principal import Principal
from gateway.upstream.session import LEGACY, LEGACY_VERSIONS

VERSIONS: Final = frozenset(version.encode() for version in LEGACY_VERSIONS)
MARKS_STREAMS: Final = b"2025-11-25"
UNNAMED: Final = LEGACY.encode()  # a version that no header names
CANCELLED = (REQUEST_CANCELLED, "Request cancelled")
SESSION_OVER = (CONNECTION_CLOSED, "The client ended the session before the call had ended. It may have run.")


class LegacyExpress:
    """An ASGI app before FastMCP's own.

    Args:
        path: of the MCP endpoint.
        credentials: tell who calls.
        calls: answer those that are taken.
        lists: answer lists.
        access_log: write a line for each request that no line of a call tells of.
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
        lists: ReadyLists,
        transport_of: Callable[[str], Transport | None],
        access_log: bool,
    ):
        self._app = app
        self._path = path
        self._serving = serving
        self._credentials = credentials
        self._calls = calls
        self._lists = lists
        self._access_log = access_log
        self._transport_of = transport_of
        self._sessions = LegacySessions()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = self._headers(scope)
        id = headers.get(b"mcp-session-id") if headers is not None else None
        session = self._sessions.find(id) if id is not None else None
        if headers is None or (session is None and id is not None):
            await self._app(scope, receive, send)
            return
        if session is None:
            await self._opened(headers, scope, receive, send)
            return
        principal = self._credentials.recent(headers) or await self._credentials.principal(headers)
        if principal is None or principal.subject != session.subject:  # the SDK says that there is no such session
            await self._app(scope, receive, send)
        elif scope["method"] == "DELETE":
            await self._deleted(session, scope, receive, send)
        elif _is_plain(session, headers):
            await self._posted(session, principal, headers, scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _headers(self, scope: Scope) -> Headers | None:
        """The headers of a request that may be for this door; None for any other."""
        if scope["type"] != "http" or scope["path"] != self._path or scope["method"] not in ("POST", "DELETE"):
            return None
        headers = headers_of(scope)
        if headers is None or headers.get(b"mcp-protocol-version", UNNAMED) not in VERSIONS:
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

    async def _deleted(self, session: Session, scope: Scope, receive: Receive, send: Send) -> None:
        """The client ends its session, if the main door says so."""
        await self._app(scope, receive, send)
        if session.transport.is_over:
            self._sessions.forget(session)
            session.end(*SESSION_OVER)

    async def _posted(
        self, session: Session, principal: Principal, headers: Headers, scope: Scope, receive: Receive, send: Send
    ) -> None:
        taken: list[Message] = []
        body = await read_body(receive, taken)
        message = message_in(body) if body is not None else {}
        call = call_in(message) if session.is_ready else None
        lead = lead_over_http(self._serving, call.kind, call.name) if call is not None else None
        if call is not None and lead is not None and not session.runs(call.id):
            is_marked = headers.get(b"mcp-protocol-version") == MARKS_STREAMS
            reply = LegacyReply(send, session.transport, session.header, call.id, is_marked=is_marked)
            await self._calls.answer(session, principal, call, lead, reply)
        elif _is_taken(session, message):
            await answer_json(self._logged(scope, send), session.header, 202, b"")
        elif session.is_ready and (answer := self._known_answer(message, principal)) is not None:
            with session.transport:
                await answer_json(self._logged(scope, send), session.header, 200, answer)
        else:
            if message.get("method") == "notifications/initialized":
                send = _noticing(session, send)
            elif message.get("method") == "initialize":  # once more: what is known of the session may change
                self._sessions.forget(session)
            await self._app(scope, again(taken, receive), send)

    def _known_answer(self, message: dict[str, Any], principal: Principal) -> bytes | None:
        """The answer to a ping or a list; None for anything else, and for a list that the main door has to look at."""
        id, method, params = message.get("id"), message.get("method"), message.get("params", {})
        if type(id) not in (int, str) or type(method) is not str or type(params) is not dict:
            return None
        try:
            result = (
                b"{}" if method == "ping" and not params else self._lists.answer(method, params, principal, "legacy")
            )
        except InvalidRequest:
            return None
        return b'{"jsonrpc":"2.0","id":%s,"result":%s}' % (orjson.dumps(id), result) if result is not None else None

    def _logged(self, scope: Scope, send: Send) -> Send:
        return logged(scope, send) if self._access_log else send


def before_sessions(served: Starlette, app: ASGIApp, **options: Any) -> ASGIApp:
    """The door, made with these options, before `app`; or `app` alone, if what is `served` has no sessions at all."""
    transport_of = transports_of(served, served.state.path)
    if transport_of is None:
        return app
    return LegacyExpress(app, path=served.state.path, transport_of=transport_of, **options)


def _is_plain(session: Session, headers: Headers) -> bool:
    """Whether the headers of a message are as they are with most, and agree with the session."""
    return (
        headers.get(b"mcp-protocol-version", session.version) == session.version
        and headers.get(b"accept") in ACCEPTED
        and headers.get(b"content-type") == b"application/json"
    )


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
