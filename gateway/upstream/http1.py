"""HTTP/1.1 to one origin over kept connections: only what a relay needs, on asyncio and httptools.

Nothing is added to a request but what the caller gives plus `Host` and `Content-Length`: no cookies, no
compression (so a small answer cannot grow), no proxy from the environment, no redirect to another origin.
A general client costs three to ten times as much per call; `docs/adr/0003-own-http-client.md` has the figures.
"""

import asyncio
import ssl
from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from functools import cache
from typing import Self, cast
from urllib.parse import urljoin, urlsplit

import httptools

MAX_HEAD = 64 * 1024
HIGH_WATER = 256 * 1024
# Common servers (uvicorn, Node) drop an idle connection after 5 s. Using one for longer risks writing a call
# into a closing socket, where nobody can tell whether it ran.
IDLE_SECONDS = 4.0
MAX_REDIRECTS = 3


class HttpError(Exception):
    """The exchange failed. `sent` says whether the request may have reached the other side."""

    def __init__(self, reason: str, *, sent: bool):
        super().__init__(reason)
        self.sent = sent


class BodyTooLarge(HttpError):
    """The answer passed the byte limit."""


@cache
def tls_context() -> ssl.SSLContext:
    """The one client context: loading the trust store takes 25 ms."""
    return ssl.create_default_context()


def header_block(headers: Mapping[str, str] | Sequence[tuple[str, str]]) -> bytes:
    """Header lines as bytes.

    Raises:
        ValueError: a name or value holds a control character or is not Latin-1 (request smuggling, RFC 9110 5.5).
    """
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    lines = []
    for name, value in pairs:
        line = f"{name}: {value}"
        if any(ord(c) < 32 or ord(c) == 127 for c in line):
            raise ValueError(f"header {name.encode('ascii', 'replace').decode()!r} holds a control character")
        lines.append(line.encode("latin-1"))
    return b"".join(line + b"\r\n" for line in lines)


class _Connection(asyncio.Protocol):
    """One socket and the answer being read from it."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.parser = httptools.HttpResponseParser(self)
        self.idle_since = 0.0
        self.closed = False
        self._waiter: asyncio.Future[None] | None = None
        self._drain: asyncio.Future[None] | None = None
        self._busy = False
        self._reset()

    def _reset(self) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.chunks: deque[bytes] = deque()
        self.buffered = 0
        self.complete = False
        self.answered = False
        self.failure: HttpError | None = None
        self._head_size = 0
        self._head_done = False
        self._until_close = False

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's is one in all but its class

    def data_received(self, data: bytes) -> None:
        if not self._busy:
            self.abort()  # an answer nobody asked for: this connection cannot be trusted with the next one
            return
        self.answered = True
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._fail("it tried to switch protocols")
        except httptools.HttpParserError:
            self._fail("its answer is not HTTP")

    def eof_received(self) -> bool:
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed = True
        if self._busy and not self.complete and self.failure is None:
            if self._until_close and self._head_done:
                self.complete = True
            else:
                self.failure = HttpError("it closed the connection before the answer was whole", sent=True)
        self._wake()
        if self._drain is not None and not self._drain.done():
            self._drain.set_result(None)

    def pause_writing(self) -> None:
        self._drain = asyncio.get_running_loop().create_future()

    def resume_writing(self) -> None:
        if self._drain is not None and not self._drain.done():
            self._drain.set_result(None)
        self._drain = None

    # httptools callbacks

    def on_message_begin(self) -> None:
        if self.complete:
            self._fail("it sent two answers to one request")

    def on_header(self, name: bytes, value: bytes) -> None:
        if self.complete:
            return
        self._head_size += len(name) + len(value) + 4
        if self._head_size > MAX_HEAD:
            self._fail("its answer has too many headers")
            return
        if not self._head_done:  # later ones are trailers, which nothing here uses
            self.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        if self.complete:
            return
        status = self.parser.get_status_code()
        if 100 <= status < 200:  # informational: the real answer follows (RFC 9110 15.2)
            self.headers = {}
            return
        self.status = status
        self._head_done = True
        has_length = "content-length" in self.headers or "chunked" in self.headers.get("transfer-encoding", "")
        self._until_close = not has_length and status not in (204, 304)
        self._wake()

    def on_body(self, body: bytes) -> None:
        if self.complete:
            return
        self.chunks.append(body)
        self.buffered += len(body)
        if self.buffered > HIGH_WATER and self.transport is not None:
            self.transport.pause_reading()
        self._wake()

    def on_message_complete(self) -> None:
        if not self._head_done or self._until_close:  # after 1xx more follows; without a length only the end ends it
            return
        self.complete = True
        self._wake()

    # one exchange

    async def send(self, head: bytes, body: bytes) -> None:
        """Write one request."""
        assert self.transport is not None
        self._reset()
        self._busy = True
        self.transport.write(head + body)
        if self._drain is not None:
            await self._drain

    async def wait_head(self) -> None:
        """Until status and headers are there."""
        while not self._head_done:
            await self._wait()

    async def next_chunk(self) -> bytes:
        """The next piece of the body; empty at its end."""
        while True:
            if self.chunks:
                chunk = self.chunks.popleft()
                self.buffered -= len(chunk)
                if self.buffered <= HIGH_WATER and self.transport is not None and not self.closed:
                    self.transport.resume_reading()
                return chunk
            if self.complete:
                return b""
            await self._wait()

    def finish(self) -> bool:
        """End this exchange; whether the connection can carry another."""
        reusable = self.complete and not self.closed and self.failure is None and not self._until_close
        reusable = reusable and self.parser.should_keep_alive()
        self._busy = False
        if not reusable:
            self.abort()
        return reusable

    def abort(self) -> None:
        """Drop the connection now: for the other side that is the cancellation."""
        self.closed = True
        if self.transport is not None:
            self.transport.abort()

    async def _wait(self) -> None:
        if self.failure is not None:
            raise self.failure
        if self.closed:
            raise HttpError("it closed the connection before answering", sent=True)
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _fail(self, reason: str) -> None:
        self.failure = self.failure or HttpError(reason, sent=True)
        self.abort()
        self._wake()


class Response:
    """An answer whose body is still on the wire. Leave the `async with` early and the connection is dropped."""

    def __init__(self, connection: _Connection, client: "HttpClient"):
        self.status = connection.status
        self.headers = connection.headers
        self._connection = connection
        self._client = client

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._client._release(self._connection)

    async def chunks(self, limit: int) -> AsyncIterator[bytes]:
        """The body as it comes, at most `limit` bytes in all.

        Raises:
            BodyTooLarge: past the limit.
        """
        total = 0
        while chunk := await self._connection.next_chunk():
            total += len(chunk)
            if total > limit:
                raise BodyTooLarge(f"its answer is larger than {limit} bytes", sent=True)
            yield chunk

    async def read(self, limit: int) -> bytes:
        """The whole body, at most `limit` bytes."""
        return b"".join([chunk async for chunk in self.chunks(limit)])


class HttpClient:
    """Kept connections to one origin. The caller bounds how many exchanges run at once."""

    def __init__(self, url: str, *, connect_timeout: float):
        parts = urlsplit(url)
        self.origin = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
        self.target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._host = parts.hostname or ""
        self._tls = parts.scheme == "https"
        self._port = parts.port or (443 if self._tls else 80)
        self._host_header = parts.netloc.rpartition("@")[2]
        self._connect_timeout = connect_timeout
        self._idle: deque[_Connection] = deque()
        self._busy: set[_Connection] = set()

    def __repr__(self) -> str:
        return f"<HttpClient {self.origin} busy={len(self._busy)} idle={len(self._idle)}>"

    async def request(self, method: str, headers: bytes, body: bytes = b"", *, target: str = "") -> Response:
        """Send one request and wait for the head of the answer.

        `headers` are ready lines from `header_block`. A 307 or 308 within the origin is followed and remembered:
        frameworks redirect `/mcp` to `/mcp/`, and neither status lets the request have run.

        Raises:
            HttpError: with `sent` false when nothing left this machine.
        """
        for _ in range(MAX_REDIRECTS):
            response = await self._request_once(method, headers, body, target or self.target)
            moved = self._redirect(response, target or self.target)
            if moved is None:
                return response
            async with response:
                await response.read(MAX_HEAD)
            if target:
                target = moved
            else:
                self.target = moved
        raise HttpError("it redirects in a circle", sent=True)

    async def _request_once(self, method: str, headers: bytes, body: bytes, target: str) -> Response:
        connection = self._take_idle() or await self._connect()
        self._busy.add(connection)
        head = f"{method} {target} HTTP/1.1\r\nHost: {self._host_header}\r\nContent-Length: {len(body)}\r\n"
        try:
            await connection.send(head.encode("latin-1") + headers + b"\r\n", body)
            await connection.wait_head()
        except BaseException:
            self._release(connection)
            raise
        return Response(connection, self)

    def _redirect(self, response: Response, target: str) -> str | None:
        location = response.headers.get("location")
        if response.status not in (307, 308) or location is None:
            return None
        there = urlsplit(urljoin(self.origin + target, location))
        if f"{there.scheme}://{there.netloc}" != self.origin:
            self._release(response._connection)
            raise HttpError("it redirects to another origin: put the final address in its url", sent=True)
        return there.path + (f"?{there.query}" if there.query else "")

    def _take_idle(self) -> _Connection | None:
        oldest_good = asyncio.get_running_loop().time() - IDLE_SECONDS
        while self._idle:
            connection = self._idle.pop()  # the most recently used is the least likely to be closing
            if not connection.closed and connection.idle_since >= oldest_good:
                return connection
            connection.abort()
        return None

    async def _connect(self) -> _Connection:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._connect_timeout):
                _, connection = await loop.create_connection(
                    _Connection,
                    self._host,
                    self._port,
                    ssl=tls_context() if self._tls else None,
                )
        except TimeoutError:
            raise HttpError(f"did not accept a connection within {self._connect_timeout:g} s", sent=False) from None
        except ssl.SSLError as error:
            raise HttpError(f"failed the TLS handshake ({error.reason or 'unknown'})", sent=False) from error
        except OSError as error:
            raise HttpError(f"cannot be reached ({error.strerror or type(error).__name__})", sent=False) from error
        return connection

    def _release(self, connection: _Connection) -> None:
        self._busy.discard(connection)
        if connection.finish():
            connection.idle_since = asyncio.get_running_loop().time()
            self._idle.append(connection)

    def close(self) -> None:
        """Drop every connection."""
        for connection in [*self._busy, *self._idle]:
            connection.abort()
        self._idle.clear()
        self._busy.clear()
