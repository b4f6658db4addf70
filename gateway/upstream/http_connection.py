"""One HTTP/1.1 connection, and the answers that come over it one after another (RFC 9112), on asyncio and httptools."""

import asyncio
from collections import deque
from collections.abc import Callable
from http import HTTPStatus
from typing import Final, NamedTuple, cast

import httptools

from gateway.ground.heads import KnownHeads
from gateway.ground.turn import HeldTransport, held

MAX_HEAD = 64 * 1024
HIGH_WATER: Final = 256 * 1024
LONGEST_KNOWN = 1024


class HttpError(Exception):
    """The exchange failed. `sent` says whether the request may have reached the other side."""

    def __init__(self, reason: str, *, sent: bool):
        super().__init__(reason)
        self.sent = sent


class NotHttp(HttpError):
    """What came is no answer that HTTP/1.1 knows, or is one without bounds."""

    def __init__(self, reason: str):
        super().__init__(reason, sent=True)


class Head(NamedTuple):
    """What the parser made of the head of an answer."""

    status: int
    headers: dict[str, str]


known: Final[KnownHeads[Head]] = KnownHeads(LONGEST_KNOWN)
"""Most answers of an upstream begin as one before did, but for the second in `Date`. One that is all there needs no
parser."""


class Connection:
    """One socket and the answer being read from it: `send`, `news` until it `has_head`, `next_chunk` until that is
    empty, `finish`.

    `over` is called once the answer is whole or cannot become so any more.

    It is a protocol of asyncio's (`asyncio.Protocol`) in all but its class, whose attributes no compiler can lay out.
    """

    def __init__(self) -> None:
        self.idle_since = 0.0
        self.closed = False
        self._transport: HeldTransport | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._waiter: asyncio.Future[None] | None = None
        self._busy = False
        self._begin()

    def _begin(self) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.complete = False
        self.over: Callable[[], None] | None = None
        self._first: bytes | None = None
        self._failure: HttpError | None = None
        self._chunks: deque[bytes] = deque()
        self._buffered = 0
        self.has_head = False
        self._head_size = 0
        self._unread = 0
        self._until_close = False
        self._keep_alive = False

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._loop = asyncio.get_running_loop()
        self._transport = held(cast(asyncio.Transport, transport), self._loop)

    def data_received(self, data: bytes) -> None:
        if not self._busy or (self._transport is not None and self._transport.held):
            self.abort()  # an answer nobody asked for: this connection cannot be trusted with the next one
            return
        if self._first is None:
            self._first = data
            if self._is_known(data):
                return
        self._unread += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._fail("tried to switch protocols")
        except httptools.HttpParserError:
            self._fail("sent an answer that is not HTTP")
        # The parser keeps a header, a trailer or a run of 1xx answers for as long as they do not end.
        if self._unread > MAX_HEAD:
            self._fail("sent too many headers")

    def _is_known(self, data: bytes) -> bool:
        """Whether `data` is an answer from its first byte to its last, and began as one before did."""
        found = known.find(data)
        if found is None:
            return False
        (self.status, self.headers), body = found
        if body:
            self._chunks.append(body)
            self._buffered = len(body)
        self.has_head = self.complete = self._keep_alive = True
        self._wake()
        self._end()
        return True

    def _learn(self) -> None:
        """Know the head of this answer from now on, if all of it came at once."""
        assert self._first is not None
        if self.headers.get("content-length") == str(self._buffered):
            known.learn(self._first, Head(self.status, self.headers), self._buffered)

    def connection_lost(self, exc: Exception | None) -> None:
        dropped, self.closed = self.closed, True
        if self._busy and not self.complete and self._failure is None:
            if self._until_close and exc is None and not dropped:
                self.complete = True
            else:
                left = self._transport is None or not self._transport.held
                self._failure = HttpError("it was closed before the answer was whole", sent=left)
        self._wake()
        self._end()

    def eof_received(self) -> None:
        """Nothing more will come: `connection_lost` follows."""

    def pause_writing(self) -> None:
        """What the socket does not take at once stays in memory (`send`)."""

    def resume_writing(self) -> None:
        """See `pause_writing`."""

    # httptools callbacks

    def on_message_begin(self) -> None:
        if self.complete:
            self._fail("sent two answers to one request")

    def on_header(self, name: bytes, value: bytes) -> None:
        if self.complete:
            return
        self._head_size += len(name) + len(value) + 4
        if self._head_size > MAX_HEAD:
            self._fail("sent too many headers")
        elif not self.has_head:  # later ones are trailers, which nothing here uses
            self.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        if self.complete:
            return
        status = self._parser.get_status_code()
        if 100 <= status < 200:  # informational: the real answer follows (RFC 9110 15.2)
            self.headers = {}
            self._first = b""  # which is not what the head of the real one began with
            return
        self.status = status
        self.has_head = True
        self._unread = 0
        has_length = "content-length" in self.headers or "chunked" in self.headers.get("transfer-encoding", "").lower()
        self._until_close = not has_length and status not in (204, 304)
        self._wake()

    def on_body(self, body: bytes) -> None:
        if self.complete:
            return
        self._unread = 0
        self._chunks.append(body)
        self._buffered += len(body)
        if self._buffered > HIGH_WATER and self._transport is not None:
            self._transport.pause_reading()
        self._wake()

    def on_message_complete(self) -> None:
        if not self.has_head or self._until_close:  # after 1xx more follows; without a length only the end ends it
            return
        self.complete = True
        self._unread = 0
        self._keep_alive = self._parser.should_keep_alive()  # right inside this callback only
        if self._keep_alive and self.status == HTTPStatus.OK:
            self._learn()
        self._wake()
        self._end()

    # one exchange

    def send(self, request: bytes) -> None:
        """Write one request. What the socket does not take at once stays in memory, where the caller has it anyway:
        so an answer that comes before all is sent is not missed."""
        assert self._transport is not None
        self._begin()
        self._busy = True
        self._transport.write(request)

    async def next_chunk(self) -> bytes:
        """The next piece of the body; empty at its end.

        Raises:
            HttpError: the rest will not come.
        """
        while not self._chunks:
            if self.complete:
                return b""
            await self.news()
        chunk = self._chunks.popleft()
        self._buffered -= len(chunk)
        if self._buffered <= HIGH_WATER and self._transport is not None and not self.closed:
            self._transport.resume_reading()
        return chunk

    def whole(self) -> bytes | None:
        """The body that is left, if all of it is here; most answers come in one piece."""
        if not self.complete:
            return None
        body = b"".join(self._chunks)
        self._chunks.clear()
        if self._buffered > HIGH_WATER and self._transport is not None and not self.closed:
            self._transport.resume_reading()
        self._buffered = 0
        return body

    def finish(self) -> bool:
        """End this exchange; whether the connection can carry another. Where it cannot, it is dropped."""
        assert self._transport is not None
        reusable = self.complete and self._keep_alive and not self.closed and self._failure is None
        # Neither half a request before the next one, nor reading paused for a body that nobody wanted.
        reusable = reusable and not self._transport.get_write_buffer_size() and self._buffered <= HIGH_WATER
        self._busy = False
        self.over = None
        if not reusable:
            self.abort()
        return reusable

    def abort(self) -> None:
        """Drop the connection now: for the other side that is the cancellation."""
        self.closed = True
        if self._transport is not None:
            self._transport.abort()

    def news(self) -> asyncio.Future[None]:
        """Done once more has come, or nothing will any more.

        Raises:
            HttpError: that is known already.
        """
        if self._failure is not None:
            raise self._failure
        if self.closed:
            raise HttpError("it was dropped before the answer was whole", sent=True)
        self._waiter = self._loop.create_future()
        return self._waiter

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _fail(self, reason: str) -> None:
        self._failure = self._failure or NotHttp(reason)
        self.abort()
        self._wake()

    def _end(self) -> None:
        if self.over is not None:
            over, self.over = self.over, None
            over()
