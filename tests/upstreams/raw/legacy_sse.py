"""HTTP with SSE of 2024-11-05: one stream down for everything, and POSTs up to the address that it names."""

import asyncio
import secrets
from functools import partial
from typing import Any

from tests.upstreams.raw.asgi import STREAM_HEADERS, Request, pour, reply, start, unless_gone, write
from tests.upstreams.raw.behaviour import Behaviour
from tests.upstreams.raw.connections import Connections
from tests.upstreams.raw.control import Fault
from tests.upstreams.raw.faults import altered
from tests.upstreams.raw.session import Session, is_answer, is_notification, is_request
from tests.upstreams.raw.wire import Json
from tests.upstreams.record import Send, decoded

STREAM_PATH = "/sse"
POST_PATH = "/messages"

ON_STREAM: tuple[Fault, ...] = ("hang", "wrong_id", "huge", "close_after")
"""Faults that strike the answer on the stream; all others strike the POST."""


class LegacySse:
    """Serves `/sse` and `/messages`. A session lives as long as its stream."""

    def __init__(self, behaviour: Behaviour, connections: Connections):
        self._behaviour = behaviour
        self._connections = connections
        self._sessions: dict[str, tuple[Session, int]] = {}
        self._working: set[asyncio.Task[None]] = set()

    async def __call__(self, request: Request, send: Send) -> None:
        if (request.method, request.path) == ("GET", STREAM_PATH):
            await self._open(request, send)
        elif (request.method, request.path) == ("POST", POST_PATH):
            await self._post(request, send)
        else:
            await reply(send, 405 if request.path in (STREAM_PATH, POST_PATH) else 404)

    def forget(self) -> None:
        """Cut every stream off, and its session with it."""
        for session, connection in self._sessions.values():
            session.close()
            self._connections.close(connection)
        self._sessions.clear()

    async def _open(self, request: Request, send: Send) -> None:
        session = Session(self._behaviour, secrets.token_hex(16))
        self._sessions[session.id] = (session, request.connection)
        await start(send, 200, STREAM_HEADERS)
        endpoint = f"event: endpoint\r\ndata: {POST_PATH}?session_id={session.id}\r\n\r\n"
        await write(send, endpoint.encode(), more=True)
        try:
            await unless_gone(request, self._follow(request, session, send))
        finally:
            self._sessions.pop(session.id, None)
            session.close()

    async def _follow(self, request: Request, session: Session, send: Send) -> None:
        with self._behaviour.record.running("GET", ""):
            await pour(session.beside, send, partial(self._connections.close, request.connection))

    async def _post(self, request: Request, send: Send) -> None:
        found = self._sessions.get(request.query.get("session_id", ""))
        message: Any = decoded(request.body)
        if found is None or not (is_request(message) or is_notification(message) or is_answer(message)):
            await reply(send, 404 if found is None else 400)
            return
        await reply(send, 202, b"Accepted")
        session, connection = found
        if is_request(message):
            working = asyncio.create_task(self._work(request, session, connection, message))
            self._working.add(working)
            working.add_done_callback(self._working.discard)
        elif is_answer(message):
            session.answered(message)
        else:
            session.notified(message)

    async def _work(self, request: Request, session: Session, connection: int, message: Json) -> None:
        if request.fault == "hang":
            return
        final = await session.request(message, request.headers, session.beside.put)
        if request.fault == "close_after":
            self._connections.close(connection)
        elif final is not None:
            session.beside.put(altered(final, request.fault, self._behaviour.switch.control))
