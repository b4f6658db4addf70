"""Streamable HTTP of 2025-03-26 to 2025-11-25: sessions, a GET stream, and streams that can be taken up again."""

import asyncio
import json
import secrets
from collections.abc import Callable
from functools import partial
from typing import Any

from tests.upstreams.raw.asgi import STREAM_HEADERS, Request, pour, reply, reply_json, start, unless_gone
from tests.upstreams.raw.behaviour import Behaviour
from tests.upstreams.raw.connections import Connections
from tests.upstreams.raw.faults import altered
from tests.upstreams.raw.session import Session, is_answer, is_notification, is_request
from tests.upstreams.raw.streams import Stream
from tests.upstreams.raw.wire import INVALID_REQUEST, LEGACY, PARSE_ERROR, Json, RpcError
from tests.upstreams.record import Send

SESSION = "mcp-session-id"
KEPT = 100
"""How many of the newest streams can be taken up again."""


class Refused(Exception):
    """A request refused at the HTTP level, with a JSON-RPC error that has no id."""

    def __init__(self, status: int, message: str, code: int = INVALID_REQUEST):
        super().__init__(message)
        self.status = status
        self.body = RpcError(code, message).answer(None)


class LegacyHttp:
    """Serves legacy requests at the endpoint, with a session for each client or (no ids) one for all."""

    def __init__(self, behaviour: Behaviour, connections: Connections):
        self._behaviour = behaviour
        self._connections = connections
        self._sessions: dict[str, Session] = {}
        self._common = Session(behaviour, lenient=True)
        self._streams: dict[str, Stream] = {}
        self._working: set[asyncio.Task[None]] = set()

    def forget(self) -> None:
        """End every session: its id is unknown from now on."""
        for session in self._sessions.values():
            session.close()
        self._sessions.clear()

    async def __call__(self, request: Request, send: Send) -> None:
        handle = {"POST": self._post, "GET": self._get, "DELETE": self._delete}.get(request.method)
        try:
            if handle is None:
                raise Refused(405, "Method not allowed")
            _check_version(request)
            await handle(request, send)
        except Refused as refusal:
            await reply_json(send, refusal.status, refusal.body)

    async def _post(self, request: Request, send: Send) -> None:
        message = _checked(request)
        session = self._session(request, message)
        if is_notification(message):
            session.notified(message)
            await reply(send, 202)
        elif is_answer(message):
            session.answered(message)
            await reply(send, 202)
        elif self._behaviour.settings.answer == "sse":
            await self._stream(request, session, message, send)
        else:
            await self._answer(request, session, message, send)

    def _session(self, request: Request, message: Any) -> Session:
        """The session the request belongs to; a new one for `initialize`. Raises Refused."""
        if not self._behaviour.settings.session:
            return self._common
        if is_request(message) and message["method"] == "initialize":
            session = Session(self._behaviour, secrets.token_hex(16))
            self._sessions[session.id] = session
            return session
        given = request.headers.get(SESSION)
        if given is None:
            raise Refused(400, "Mcp-Session-Id is missing")
        if given not in self._sessions:
            raise Refused(404, "Session not found")
        session = self._sessions[given]
        if request.headers.get("mcp-protocol-version", session.version) != session.version:
            raise Refused(400, f"MCP-Protocol-Version is not {session.version}, which was agreed on")
        return session

    async def _answer(self, request: Request, session: Session, message: Json, send: Send) -> None:
        """One JSON object; what is sent on the way goes to the GET stream."""
        final = await session.request(message, request.headers, session.beside.put)
        if final is None:
            await reply(send, 202)
        else:
            await reply_json(send, 200, self._altered(request, final), _named(session))

    async def _stream(self, request: Request, session: Session, message: Json, send: Send) -> None:
        """The work goes on when the client leaves: that is no cancellation in this era, it may come back."""
        stream = Stream(secrets.token_hex(4))
        self._streams[stream.name] = stream
        if len(self._streams) > KEPT:
            del self._streams[next(iter(self._streams))]
        working = asyncio.create_task(self._work(request, session, message, stream))
        self._working.add(working)
        working.add_done_callback(self._working.discard)
        await start(send, 200, [*STREAM_HEADERS, *_named(session)])
        await unless_gone(request, pour(stream, send, self._closing(request), ids=True))

    async def _work(self, request: Request, session: Session, message: Json, stream: Stream) -> None:
        final = await session.request(message, request.headers, stream.put)
        if final is not None:
            stream.put(self._altered(request, final))
        stream.end()

    async def _get(self, request: Request, send: Send) -> None:
        if not self._behaviour.settings.session:
            raise Refused(405, "There is no stream here")
        if not request.accepts("text/event-stream"):
            raise Refused(406, "Accept must name text/event-stream")
        session = self._session(request, None)
        stream, first = self._resumed(request) or (session.beside, session.beside.read)
        await start(send, 200, [*STREAM_HEADERS, *_named(session)])
        await unless_gone(request, self._follow(request, stream, first, send))

    async def _follow(self, request: Request, stream: Stream, first: int, send: Send) -> None:
        with self._behaviour.record.running("GET", ""):
            await pour(stream, send, self._closing(request), first, ids=True)

    def _resumed(self, request: Request) -> tuple[Stream, int] | None:
        """Where to go on after Last-Event-ID, `<stream>-<position>`; None without it."""
        name, _, position = request.headers.get("last-event-id", "").rpartition("-")
        return (self._streams[name], int(position) + 1) if name in self._streams else None

    async def _delete(self, request: Request, send: Send) -> None:
        session = self._session(request, None)
        del self._sessions[session.id]
        session.close()
        await reply(send, 204)

    def _closing(self, request: Request) -> Callable[[], None]:
        return partial(self._connections.close, request.connection)

    def _altered(self, request: Request, final: Json) -> Json:
        return altered(final, request.fault, self._behaviour.switch.control)


def _check_version(request: Request) -> None:
    version = request.headers.get("mcp-protocol-version", LEGACY[0])
    if version not in LEGACY:
        raise Refused(400, f"Unsupported protocol version: this server speaks {', '.join(LEGACY)}")


def _checked(request: Request) -> Any:
    """The decoded message of a POST. Raises Refused."""
    if not request.accepts("application/json", "text/event-stream"):
        raise Refused(406, "Accept must name application/json and text/event-stream")
    if request.headers.get("content-type", "").partition(";")[0] != "application/json":
        raise Refused(415, "Content-Type must be application/json")
    try:
        message = json.loads(request.body)
    except ValueError:
        raise Refused(400, "Parse error", PARSE_ERROR) from None
    if not (is_request(message) or is_notification(message) or is_answer(message)):
        raise Refused(400, "The body must be one JSON-RPC message")
    return message


def _named(session: Session) -> list[tuple[str, str]]:
    return [(SESSION, session.id)] if session.id else []
