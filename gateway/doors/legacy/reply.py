"""The answer to one request of a legacy session (2025-11-25 `basic/transports`): JSON, or a stream of events.

A stream is opened once something has to be said before the answer, or a call takes long, so that its client can lose
the connection and take the answer up again (Resumability and Redelivery). What is said on it is kept for that; what is
answered at once is not, and does not claim to be.
"""

import asyncio
from collections.abc import Awaitable, Mapping
from typing import Any

from starlette.types import Send

from gateway.doors.legacy.transport import Transport
from gateway.doors.reply import EVENTS, PING, PING_SECONDS, Reply, encoded
from gateway.errors import Forbidden
from gateway.model.route import Route
from gateway.upstream.messages import Id


class LegacyReply:
    """Says what there is to say to request `id`, and ends with its one answer. A client that leaves does not end it: it
    may come back for the answer.

    `staying` is the task that kept it open, cancelled before the answer.

    Args:
        session: its id, as a header has it.
        is_marked: whether a stream begins with an event that has nothing but an id, which came with 2025-11-25.
    """

    def __init__(self, send: Send, transport: Transport, session: bytes, id: Id, *, is_marked: bool):
        self._send = send
        self._transport = transport
        self._session = session
        self._id = id
        self._is_marked = is_marked
        self._stream: _Stream | None = None
        self.staying: asyncio.Task[None] | None = None
        self.is_over = False

    async def stay(self, _: asyncio.Task[Any]) -> None:
        """Open its stream and keep it open, until cancelled."""
        stream = self._opened()
        await stream.open()
        while True:
            await asyncio.sleep(PING_SECONDS)
            await stream.ping()

    async def say(self, message: dict[str, Any]) -> None:
        """A notification or a request before the answer. After that there is nobody to hear it."""
        if not self.is_over:
            await self._opened().say(message)

    def result(self, result: Mapping[str, Any]) -> Awaitable[None]:
        """The answer."""
        return self._end({"jsonrpc": "2.0", "id": self._id, "result": result})

    def error(self, code: int, message: str, data: Any = None) -> Awaitable[None]:
        """The answer that there is none. `data` of None is left out."""
        error = {"code": code, "message": message} | ({} if data is None else {"data": data})
        return self._end({"jsonrpc": "2.0", "id": self._id, "error": error})

    async def refused(self, refusal: Forbidden, route: Route, metadata: str | None) -> None:
        """The answer that the caller lacks a scope for `route`; nothing was said before it."""
        self.is_over = True
        await Reply(self._send, self._id).refused(refusal, route, metadata)

    async def _end(self, message: dict[str, Any]) -> None:
        self.is_over = True
        if self.staying is not None:
            await asyncio.wait([self.staying])
        if self._stream is not None:
            await self._stream.say(message, is_last=True)
        else:
            await answer_json(self._send, self._session, 200, encoded(message))

    def _opened(self) -> "_Stream":
        if self._stream is None:
            self._stream = _Stream(self._send, self._transport, self._session, str(self._id), self._is_marked)
        return self._stream


class _Stream:
    """The events of one answer, in order, whoever says them."""

    def __init__(self, send: Send, transport: Transport, session: bytes, name: str, is_marked: bool):
        self._send = send
        self._transport = transport
        self._session = session
        self._name = name
        self._is_marked = is_marked
        self._is_open = False
        self._turn = asyncio.Lock()

    async def open(self) -> None:
        async with self._turn:
            await self._begin()

    async def ping(self) -> None:
        """A comment, which keeps proxies from closing a stream on which nothing has been said for long."""
        async with self._turn:
            await self._write(PING)

    async def say(self, message: dict[str, Any], *, is_last: bool = False) -> None:
        async with self._turn:
            await self._begin()
            id = await self._transport.keep(self._name, message, is_last=is_last)
            await self._write(_event(id, encoded(message)), more=not is_last)

    async def _begin(self) -> None:
        if self._is_open:
            return
        headers = [*EVENTS, (b"mcp-session-id", self._session)]
        await self._send({"type": "http.response.start", "status": 200, "headers": headers})
        self._is_open = True
        if self._is_marked and (id := await self._transport.mark(self._name)) is not None:
            await self._write(b"id: %s\r\ndata: \r\n\r\n" % id.encode())

    async def _write(self, text: bytes, *, more: bool = True) -> None:
        await self._send({"type": "http.response.body", "body": text, "more_body": more})


async def answer_json(send: Send, session: bytes, status: int, body: bytes) -> None:
    """A JSON answer, or an empty one."""
    headers = [
        (b"content-length", b"%d" % len(body)),
        (b"content-type", b"application/json"),
        (b"mcp-session-id", session),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _event(id: str | None, data: bytes) -> bytes:
    head = b"" if id is None else b"id: %s\r\n" % id.encode()
    return b"%sevent: message\r\ndata: %s\r\n\r\n" % (head, data)
