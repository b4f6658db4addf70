"""A scripted HTTP peer: what it does with each connection stands in the test, step by step.

    async with peer([ASKED, OK, ASKED, OK, LEFT]) as other:         # one connection, used twice, then left by us
        ...

Bytes are sent; `ASKED` reads one whole request. Each connection takes the next script; leaving the block waits until
every script has been played to its end, and tells what went wrong in one.
"""

import asyncio
import contextlib
import socket
import ssl
import struct
from collections.abc import AsyncGenerator, Callable, Sequence
from enum import Enum, auto
from typing import NamedTuple


class Step(Enum):
    """What a peer does beside sending."""

    ASKED = auto()
    """Read one request."""
    LEFT = auto()
    """Wait until the client has closed the connection."""
    CLOSE = auto()
    """Close it."""
    RESET = auto()
    """Cut it off, without the polite end."""


ASKED, LEFT, CLOSE, RESET = Step
DEADLINE = 5.0

Script = Sequence[Step | bytes | asyncio.Event]
"""An event is waited for."""


class Asked(NamedTuple):
    """One request as it came: its first line, its header lines, its body."""

    line: str
    headers: list[str]
    body: bytes

    def header(self, name: str) -> str | None:
        found = [line.partition(": ")[2] for line in self.headers if line.lower().startswith(f"{name.lower()}: ")]
        assert len(found) < 2, f"{name} is there twice"
        return found[0] if found else None


def answer(body: bytes = b"{}", *headers: str, status: str = "200 OK") -> bytes:
    """A whole answer with its length."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def chunked(*pieces: bytes, trailers: str = "", end: bool = True) -> bytes:
    """A chunked answer."""
    coded = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
    last = b"0\r\n" + trailers.encode() + b"\r\n" if end else b""
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + coded + last


OK = answer()


class Peer:
    """`accepted` counts connections, `asked` keeps what was read. `{origin}` in what it sends is its own."""

    def __init__(self, scripts: Sequence[Script]):
        self.accepted = 0
        self.asked: list[Asked] = []
        self.url = ""
        self._scripts = scripts
        self._played = asyncio.Semaphore(0)
        self._failures: list[BaseException] = []

    @property
    def origin(self) -> str:
        return self.url.removesuffix("/mcp")

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number, self.accepted = self.accepted, self.accepted + 1
        try:
            assert number < len(self._scripts), "one connection more than there are scripts"
            async with asyncio.timeout(DEADLINE):
                for step in self._scripts[number]:
                    await self._play(step, reader, writer)
        except Exception as failure:  # noqa: BLE001 (`finished` raises it)
            self._failures.append(failure)
        finally:
            writer.close()
            self._played.release()

    async def _play(
        self, step: Step | bytes | asyncio.Event, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        if isinstance(step, bytes):
            writer.write(step.replace(b"{origin}", self.origin.encode()))
            await writer.drain()
        elif isinstance(step, asyncio.Event):
            await step.wait()
        elif step is ASKED:
            self.asked.append(await _read_request(reader))
        elif step is LEFT:
            with contextlib.suppress(ConnectionError):
                assert await reader.read() == b"", "the client sent more"
        elif step is RESET:
            no_goodbye = struct.pack("ii", 1, 0)
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, no_goodbye)
            writer.transport.abort()

    async def finished(self) -> None:
        """Every script was played to its end."""
        async with asyncio.timeout(DEADLINE):
            for _ in self._scripts:
                await self._played.acquire()
        if self._failures:
            raise self._failures[0]


async def until(condition: Callable[[], object]) -> None:
    """Let the loop run until that holds: for what tells nobody."""
    async with asyncio.timeout(DEADLINE):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0)


async def _read_request(reader: asyncio.StreamReader) -> Asked:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    line, *headers = head.rstrip("\r\n").split("\r\n")
    asked = Asked(line, headers, b"")
    return asked._replace(body=await reader.readexactly(int(asked.header("Content-Length") or 0)))


@contextlib.asynccontextmanager
async def peer(*scripts: Script, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None) -> AsyncGenerator[Peer]:
    """A peer on a free port of `host`."""
    playing = Peer(scripts)
    server = await asyncio.start_server(playing.serve, host, 0, ssl=tls)
    shown = f"[{host}]" if ":" in host else host
    port = server.sockets[0].getsockname()[1]
    playing.url = f"{'https' if tls is not None else 'http'}://{shown}:{port}/mcp"
    async with server:
        yield playing
        await playing.finished()
