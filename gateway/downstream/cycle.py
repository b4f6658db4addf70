"""One request of a client and its answer, as an ASGI app has them: `receive` and `send` (ASGI 3, HTTP)."""

import asyncio
import logging
from http import HTTPStatus
from typing import Any, Final, Protocol

from starlette.types import ASGIApp, Message, Scope

from gateway.downstream.lines import Lines
from gateway.ground.turn import HeldTransport

log = logging.getLogger("uvicorn.error")

# More of a body than this is not read before the app asks for it.
HIGH_WATER: Final = 64 * 1024
WITHOUT_BODY: Final = frozenset({204, 304})
STATUS_LINES: Final = {
    status: b"HTTP/1.1 %d %s\r\n" % (status, HTTPStatus(status).phrase.encode() if status in set(HTTPStatus) else b"")
    for status in range(100, 600)
}
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
CLOSE = [(b"connection", b"close")]
CHUNKED = [(b"transfer-encoding", b"chunked")]


class Owner(Protocol):
    """The connection that a cycle belongs to.

    Attributes:
        full: set once what was written has been read, to a bound; None where it has.
    """

    full: asyncio.Event | None

    def standing(self) -> Lines:
        """The headers that every answer of this server has."""

    def read_on(self) -> None:
        """More of the body is wanted."""

    def answered(self, cycle: "Cycle") -> None:
        """Its answer is whole."""

    def over(self, cycle: "Cycle") -> None:
        """Its app has ended, and so does its task."""


class Cycle:
    """A request that is being answered. The app may call `receive` and `send` from several tasks at once.

    Attributes:
        keep_alive: whether the connection is to carry another request after this one.
        is_gone: the client is not there any more, and nothing that is sent leaves.
        is_answered: the answer is whole.
        is_whole: the request is all there.
        task: runs the app; None before and after.
    """

    def __init__(
        self, owner: Owner, transport: HeldTransport, scope: Scope, *, keep_alive: bool, expects_continue: bool
    ):
        self.keep_alive = keep_alive
        self.is_gone = False
        self.is_answered = False
        self.task: asyncio.Task[None] | None = None
        self._owner = owner
        self._transport = transport
        self._scope = scope
        self._expects_continue = expects_continue
        self._body = b""
        self.is_whole = False
        self._has_news = False
        self._news: asyncio.Event | None = None
        self._is_begun = False
        self._has_no_body = scope["method"] == "HEAD"
        self._left = -1  # as `Lines.length`

    async def run(self, app: ASGIApp) -> None:
        """Have `app` answer. What it fails to say is said for it: 500, or an end in the middle of the answer."""
        failure: BaseException | None = None
        try:
            await app(self._scope, self.receive, self.send)
        except BaseException as error:  # noqa: BLE001  # whatever it was, the client is owed an end
            failure = error
        self._owner.over(self)
        if failure is not None:
            log.error("Exception in ASGI application", exc_info=failure)
        elif not self.is_answered and not self.is_gone:
            log.error("ASGI application returned before its answer was whole")
        if not (self.is_gone or self.is_answered):
            self.refuse(500, b"Internal Server Error")

    def refuse(self, status: int, text: bytes) -> None:
        """Answer with `text`, or end in the middle of an answer that has begun. Nothing follows on this connection."""
        self.keep_alive = False
        if not self._is_begun:
            self._is_begun = True
            self._transport.write(refusal(status, text, has_body=not self._has_no_body))
        self._transport.close()
        self.gone()

    # What the connection tells.

    def body(self, piece: bytes) -> bool:
        """A piece of the body has come; whether so much waits that reading should pause."""
        self._body = self._body + piece if self._body else piece
        self._tell()
        return len(self._body) > HIGH_WATER

    def whole(self) -> None:
        """The body is all there."""
        self.is_whole = True
        self._tell()

    def gone(self) -> None:
        """The client closed the connection."""
        self.is_gone = not self.is_answered
        self._tell()

    def _tell(self) -> None:
        self._has_news = True
        if self._news is not None:
            self._news.set()

    # What the app calls.

    async def receive(self) -> Message:
        """The next of the request's body; after that, once the client is gone or has its answer, that it is over."""
        if self._expects_continue and not self._transport.is_closing():
            self._expects_continue = False
            self._transport.write(CONTINUE)
        if not (self.is_gone or self.is_answered or self._has_news):
            self._owner.read_on()
            if self._news is None:
                self._news = asyncio.Event()
            await self._news.wait()
        if self.is_gone or self.is_answered:
            return {"type": "http.disconnect"}
        self._has_news = False
        if self._news is not None:
            self._news.clear()
        body, self._body = self._body, b""
        return {"type": "http.request", "body": body, "more_body": not self.is_whole}

    async def send(self, message: Message) -> None:
        """Say the next of the answer: its head, and then its body in one piece or several.

        Raises:
            RuntimeError: it is not the next one, or is no valid HTTP, or there is more or less of it than was said.
        """
        if (full := self._owner.full) is not None and not self.is_gone:
            await full.wait()
        if self.is_gone:
            return
        kind = message["type"]
        if self.is_answered or kind != ("http.response.body" if self._is_begun else "http.response.start"):
            raise RuntimeError(f"'{kind}' is not what comes next in an answer.")
        if self._is_begun:
            body = message.get("body", b"")
            if type(body) is not bytes:  # Starlette lets an app say a `memoryview` too
                body = bytes(body)
            self._continue(body, message.get("more_body", False))
        else:
            self._begin(message["status"], message.get("headers", ()))

    def _begin(self, status: int, headers: Any) -> None:
        lines = self._owner.standing().add(headers)
        self._left = lines.length
        self.keep_alive = self.keep_alive and not lines.closes
        if not (self.keep_alive or lines.closes):
            lines.add(CLOSE)
        if not lines.is_framed:
            if self._has_no_body or status in WITHOUT_BODY:
                self._left = 0
            else:
                lines.add(CHUNKED)
        self._is_begun = True
        self._expects_continue = False
        self._transport.write(b"%s%s\r\n" % (STATUS_LINES[status], lines.text))

    def _continue(self, body: bytes, more: bool) -> None:
        if self._has_no_body:
            self._left = 0
        elif self._left < 0:
            piece = b"%x\r\n%s\r\n" % (len(body), body) if body else b""
            self._transport.write(piece if more else piece + b"0\r\n\r\n")
        else:
            if len(body) > self._left:
                raise RuntimeError("The answer is longer than its Content-Length.")
            self._left -= len(body)
            self._transport.write(body)
        if more:
            return
        if self._left > 0:
            raise RuntimeError("The answer is shorter than its Content-Length.")
        self.is_answered = True
        self._tell()
        self._owner.answered(self)


def refusal(status: int, text: bytes, *, has_body: bool = True) -> bytes:
    """A whole answer, after which the connection ends; HEAD wants it without its body."""
    head = b"content-type: text/plain; charset=utf-8\r\ncontent-length: %d\r\nconnection: close\r\n\r\n" % len(text)
    return STATUS_LINES[status] + head + (text if has_body else b"")
