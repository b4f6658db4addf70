"""A TCP proxy that stands before an upstream and spoils the connection, whatever is spoken over it."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from typing import Literal
from urllib.parse import urlsplit, urlunsplit

Mode = Literal["pass", "stall", "drip", "corrupt", "refuse"]

CHUNK = 64 * 1024


class TcpProxy:
    """Set `mode` at any time: it holds for what comes next, on open connections too.

    `stall` keeps what comes, both ways, until the mode changes; `drip` lets answers through a byte every `interval`
    seconds; `corrupt` turns over a bit in every printable byte of them; `refuse` closes new connections at once.
    `cut()` ends the open ones. `url` is the upstream's, by way of the proxy; `connections` counts those accepted.
    """

    def __init__(self, upstream: str):
        self._parts = urlsplit(upstream)
        self._changed = asyncio.Event()
        self._mode: Mode = "pass"
        self._open: set[asyncio.StreamWriter] = set()
        self._serving: set[asyncio.Task[None]] = set()
        self.url = ""
        self.interval = 0.01
        self.connections = 0
        self._closed = False

    @property
    def mode(self) -> Mode:
        return self._mode

    @mode.setter
    def mode(self, mode: Mode) -> None:
        self._mode = mode
        self._changed.set()
        self._changed = asyncio.Event()

    def lead_to(self, upstream: str) -> None:
        """Take new connections to another upstream, as when one is started anew at the same address."""
        self._parts = urlsplit(upstream)

    def cut(self) -> None:
        """Reset every open connection, on both sides."""
        for writer in self._open:
            writer.transport.abort()

    async def close(self) -> None:
        """Cut what is open and wait until nothing is left of it."""
        self._closed = True
        self.mode = "pass"  # wakes who stalls
        self.cut()
        await asyncio.gather(*self._serving)

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._closed:
            writer.transport.abort()
            return
        self.connections += 1
        serving = asyncio.create_task(self._serve(reader, writer))
        self._serving.add(serving)
        serving.add_done_callback(self._serving.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One client's connection, until either side ends."""
        with contextlib.suppress(OSError):
            async with self._kept(writer):
                if self.mode == "refuse":
                    return
                up_reader, up_writer = await asyncio.open_connection(self._parts.hostname, self._parts.port)
                async with self._kept(up_writer):
                    await self._both_ways((reader, up_writer), (up_reader, writer))

    async def _both_ways(self, *ways: tuple[asyncio.StreamReader, asyncio.StreamWriter]) -> None:
        asking, answering = (
            asyncio.create_task(self._pump(*way, answers=number == 1)) for number, way in enumerate(ways)
        )
        await asyncio.wait({asking, answering}, return_when=asyncio.FIRST_COMPLETED)
        for task in (asking, answering):
            task.cancel()
        await asyncio.gather(asking, answering, return_exceptions=True)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, answers: bool) -> None:
        while data := await reader.read(CHUNK):
            while self.mode == "stall":
                await self._changed.wait()
            if answers and self.mode == "corrupt":
                data = bytes(byte ^ 1 if byte > 31 else byte for byte in data)
            if answers and self.mode == "drip":
                await self._drip(data, writer)
            else:
                writer.write(data)
            await writer.drain()

    async def _drip(self, data: bytes, writer: asyncio.StreamWriter) -> None:
        for byte in data:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(self.interval)

    @contextlib.asynccontextmanager
    async def _kept(self, writer: asyncio.StreamWriter) -> AsyncGenerator[None]:
        """Where `cut` finds it, for as long as it is open."""
        self._open.add(writer)
        try:
            yield
        finally:
            self._open.discard(writer)
            writer.close()
            await writer.wait_closed()


@contextlib.asynccontextmanager
async def tcp_proxy(upstream: str, port: int = 0) -> AsyncGenerator[TcpProxy]:
    """A proxy on that loopback port, by default a free one, before the upstream at this URL."""
    proxy = TcpProxy(upstream)
    server = await asyncio.start_server(proxy.accept, "127.0.0.1", port)
    parts = urlsplit(upstream)
    proxy.url = urlunsplit(parts._replace(netloc=f"127.0.0.1:{server.sockets[0].getsockname()[1]}"))
    async with server:
        try:
            yield proxy
        finally:
            server.close()  # first: who is cut off comes again at once
            await proxy.close()
