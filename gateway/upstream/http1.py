"""HTTP/1.1 to one origin over kept connections: only what a relay needs.

Nothing is added to a request but what the caller gives plus `Host` and `Content-Length`: no cookies, no
compression (so a small answer cannot grow), no proxy from the environment, no redirect to another origin.
A general client costs three to ten times as much per call; `docs/adr/0003-own-http-client.md` has the figures.
"""

import asyncio
import os
import re
import socket
import ssl
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cache, partial
from pathlib import Path
from typing import Any, Final, Self, cast
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from gateway.ground.unix import short
from gateway.upstream.http_connection import MAX_HEAD, Connection, HttpError
from gateway.upstream.http_idle import Origin, Origins

# Some servers end the body a moment after the message that was waited for.
LINGER_SECONDS = 1.0
# Who has no room for one more connection may have some a moment later.
AGAIN_SECONDS = 0.01
MAX_REDIRECTS = 3
REDIRECTS: Final = frozenset({307, 308})

_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_LEFT_ALONE = "!#$%&'()*+,/:;=?@[]~"


class BodyTooLarge(HttpError):
    """The answer passed the byte limit."""


class Redirected(HttpError):
    """A redirect that is not followed. Nothing ran: neither 307 nor 308 lets the request have been acted on."""


@cache
def tls_context() -> ssl.SSLContext:
    """The one client context: loading the trust store takes 25 ms."""
    return ssl.create_default_context()


def header_block(headers: Mapping[str, str] | Sequence[tuple[str, str]]) -> bytes:
    """Header lines as bytes.

    Raises:
        ValueError: a name or value holds a control character other than a tab, or is not Latin-1 (request smuggling,
            RFC 9110 5.5).
    """
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    lines = []
    for name, value in pairs:
        line = f"{name}: {value}"
        if _CONTROL.search(line):
            raise ValueError(f"header {name.encode('ascii', 'replace').decode()!r} holds a control character")
        lines.append(line.encode("latin-1") + b"\r\n")
    return b"".join(lines)


class Response:
    """An answer whose body is still on the wire.

    Leave the `async with` by an exception before its end, or call `drop`, and its connection is dropped, which cancels
    the request. Leave it otherwise and the body has a moment to come to its end, so that the connection is kept.
    """

    def __init__(self, connection: Connection, client: "HttpClient"):
        self.status = connection.status
        self.headers = connection.headers
        self._connection: Connection | None = connection
        self._client = client
        self._size = 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.leave(failed=kind is not None)

    def leave(self, *, failed: bool) -> None:
        """Have done with it, as at the end of the block."""
        connection = self._connection
        if connection is None:
            return
        if failed and not connection.complete:
            self.drop()
        else:
            self._connection = None
            self._client._release(connection)

    def drop(self) -> None:
        """Drop the connection. Twice is harmless."""
        if self._connection is not None:
            connection, self._connection = self._connection, None
            self._client._drop(connection)

    async def chunk(self, limit: int) -> bytes:
        """The next piece of the body, empty at its end; at most `limit` bytes in all.

        Raises:
            BodyTooLarge: past the limit.
            HttpError: the rest will not come.
        """
        if self._connection is None:
            raise HttpError("it was dropped before the answer was whole", sent=True)
        chunk = await self._connection.next_chunk()
        self._size += len(chunk)
        if self._size > limit:
            raise BodyTooLarge(f"its answer is larger than {limit} bytes", sent=True)
        return chunk

    def whole(self, limit: int) -> bytes | None:
        """The same, if all of it is here already.

        Raises:
            BodyTooLarge: past the limit.
        """
        body = self._connection.whole() if self._connection is not None else None
        if body is not None and self._size + len(body) > limit:
            raise BodyTooLarge(f"its answer is larger than {limit} bytes", sent=True)
        return body

    async def read(self, limit: int) -> bytes:
        """The whole body, at most `limit` bytes; raises what `chunk` does."""
        if (body := self.whole(limit)) is not None:
            return body
        pieces = []
        while piece := await self.chunk(limit):
            pieces.append(piece)
        return b"".join(pieces)


class HttpClient:
    """Requests to one origin, or to who listens at a Unix `socket`. The caller bounds how many run at once.

    Connections that wait for the next request are shared with the other clients of `origins`.
    """

    __slots__ = (
        "_busy",
        "_connect_timeout",
        "_host_header",
        "_idle",
        "_origin",
        "_post",
        "_socket",
        "origin",
        "target",
    )

    def __init__(self, url: str, *, connect_timeout: float, socket: Path | None = None, origins: Origins | None = None):
        parts = urlsplit(url)
        self._origin = _origin(parts)
        self._host_header = _ascii(parts.netloc.rpartition("@")[2])
        self._connect_timeout = connect_timeout
        self._socket = socket
        self._idle = (origins or Origins()).idle(self._origin)
        self._busy: set[Connection] = set()
        self.origin = f"{parts.scheme}://{self._host_header}"
        self._aim(_target(parts))

    def _aim(self, target: str) -> None:
        """Send to there from now on what names no target of its own: nearly all requests begin alike."""
        self.target = target
        self._post = _opening("POST", target, self._host_header)

    def __repr__(self) -> str:
        return f"<HttpClient {self.origin} busy={len(self._busy)} idle={len(self._idle)}>"

    async def request(self, method: str, headers: bytes, body: bytes = b"", *, target: str = "") -> Response:
        """Send one request and wait for the head of the answer.

        `headers` are ready lines from `header_block`. A 307 or 308 within the origin is followed and remembered:
        frameworks redirect `/mcp` to `/mcp/`, and neither status lets the request have run.

        Raises:
            Redirected: to another origin, or without end.
            HttpError: with `sent` false when nothing left this machine.
        """
        response = await self.send(method, headers, body, target)
        if response.status not in REDIRECTS:
            return response
        return await self.follow(response, method, headers, body, target)

    async def follow(self, response: Response, method: str, headers: bytes, body: bytes, target: str) -> Response:
        """Send the request to where `response` says that it belongs; raises what `request` does."""
        for left in reversed(range(MAX_REDIRECTS)):
            if response.status not in REDIRECTS or "location" not in response.headers:
                return response
            async with response:
                moved = self.resolve(response.headers["location"], target)
                if moved is None:
                    raise Redirected("redirects to another origin", sent=True)
                await response.read(MAX_HEAD)
            if not left:
                break
            if target:
                target = moved
            else:
                self._aim(moved)
            response = await self.send(method, headers, body, target)
        raise Redirected("redirects in a circle", sent=True)

    def resolve(self, reference: str, base: str = "") -> str | None:
        """The target that a URL reference means here, seen from the target `base`; None where it leads elsewhere."""
        try:
            there = urlsplit(urljoin(self.origin + (base or self.target), reference))
            return _target(there) if _origin(there) == self._origin else None
        except ValueError:
            return None

    async def send(self, method: str, headers: bytes, body: bytes, target: str) -> Response:
        """As `request`, with redirects as they come."""
        connection = self._idle.take() or await self._connect()
        self._busy.add(connection)
        is_usual = method == "POST" and not target
        opening = self._post if is_usual else _opening(method, target or self.target, self._host_header)
        try:
            connection.send(b"%sContent-Length: %d\r\n%s\r\n%s" % (opening, len(body), headers, body))
            while not connection.has_head:
                await connection.news()
        except BaseException:  # a cancellation too
            self._drop(connection)
            raise
        return Response(connection, self)

    async def _connect(self) -> Connection:
        try:
            async with asyncio.timeout(self._connect_timeout):
                return await self._dialled()
        except TimeoutError:
            raise HttpError(f"did not accept a connection within {self._connect_timeout:g} s", sent=False) from None
        except ssl.SSLError as error:
            raise HttpError(f"failed the TLS handshake ({error.reason or 'unknown'})", sent=False) from error
        except (OSError, UnicodeError) as error:
            raise HttpError(f"cannot be reached ({_why(error)})", sent=False) from error

    async def _dialled(self) -> Connection:
        loop = asyncio.get_running_loop()
        made = cast(Callable[[], Any], Connection)  # asyncio asks for a class of its own, and needs none
        if self._socket is not None:
            with short(self._socket) as name:
                return await _at_socket(loop, made, name)
        scheme, host, port = self._origin
        _, connection = await loop.create_connection(made, host, port, ssl=tls_context() if scheme == "https" else None)
        return connection

    def _release(self, connection: Connection) -> None:
        """Keep the connection for the next request, now or as soon as its answer has ended."""
        if connection.complete or connection.closed:
            self._settle(connection)
        else:
            timer = asyncio.get_running_loop().call_later(LINGER_SECONDS, connection.abort)
            connection.over = partial(self._settle, connection, timer)

    def _settle(self, connection: Connection, timer: asyncio.TimerHandle | None = None) -> None:
        if timer is not None:
            timer.cancel()
        self._busy.discard(connection)
        if connection.finish():
            self._idle.keep(connection)

    def _drop(self, connection: Connection) -> None:
        self._busy.discard(connection)
        connection.abort()

    def close(self) -> None:
        """Drop every connection that carries a request of ours, and those that carry none."""
        for connection in self._busy:
            connection.abort()
        self._busy.clear()
        self._idle.close()


async def _at_socket(loop: asyncio.AbstractEventLoop, made: Callable[[], Any], name: str) -> Connection:
    """A connection to who listens there. Where too many others wait for one, Unix sockets refuse and TCP's do not."""
    while True:
        with suppress(BlockingIOError):
            _, connection = await loop.create_unix_connection(made, name)
            return connection
        await asyncio.sleep(AGAIN_SECONDS)


def _opening(method: str, target: str, host: str) -> bytes:
    """How a request begins."""
    return f"{method} {target} HTTP/1.1\r\nHost: {host}\r\n".encode("ascii")


def _origin(parts: SplitResult) -> Origin:
    """Raises ValueError for a port that is none."""
    return parts.scheme, parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)


def _target(parts: SplitResult) -> str:
    """Path and query as a request line carries them: in ASCII, and never empty."""
    path = quote(parts.path or "/", safe=_LEFT_ALONE)
    return f"{path}?{quote(parts.query, safe=_LEFT_ALONE)}" if parts.query else path


def _ascii(netloc: str) -> str:
    return netloc if netloc.isascii() else netloc.encode("idna").decode("ascii")


def _why(error: OSError | UnicodeError) -> str:
    if isinstance(error, UnicodeError):
        return "its host is no name"
    if isinstance(error, socket.gaierror):
        return error.strerror or "its name is not known"
    return os.strerror(error.errno) if error.errno else "none of its addresses answers"
