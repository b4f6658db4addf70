"""A client in the memory of the test, for who wants to see what leaves on a connection, and when."""

import asyncio
from typing import Any

from starlette.types import ASGIApp
from uvicorn import Config
from uvicorn.server import ServerState

from gateway.downstream.protocol import HttpProtocol

Piece = tuple[int, bytes]
"""Some of what is sent, and how many turns of the event loop pass before it comes."""


def configured(app: ASGIApp, **settings: Any) -> Config:
    """A server of `app`."""
    config = Config(app, lifespan="off", log_config=None, **settings)
    config.load()
    return config


class Client(asyncio.Transport):
    """The other end of a connection to `app`, and what it got. A real one that is reset would not be told of that.

    Args:
        app: or what is configured of its server, where several connections are to the same one.
        protocol: the server's.
        settings: of uvicorn.
    """

    def __init__(self, app: ASGIApp | Config, protocol: Any = HttpProtocol, **settings: Any):
        super().__init__({"peername": ("192.0.2.1", 1), "sockname": ("192.0.2.2", 2)})
        config = app if isinstance(app, Config) else configured(app, **settings)
        self.server = ServerState()
        self.protocol = protocol(config=config, server_state=self.server, app_state={"a": 1})
        self.got = b""
        self._more = asyncio.Event()
        self._is_closing = False
        self._may_send = asyncio.Event()
        self._may_send.set()
        self.closed = asyncio.Event()
        self.protocol.connection_made(self)

    async def sends(self, *pieces: bytes | Piece) -> None:
        """Send as much of `pieces` as the server takes."""
        for piece in pieces:
            turns, data = piece if isinstance(piece, tuple) else (0, piece)
            for _ in range(turns):
                await asyncio.sleep(0)
            await self._may_send.wait()
            if not self._is_closing:
                self.protocol.data_received(data)

    async def got_all(self) -> bytes:
        """What came until the server closed."""
        await self.closed.wait()
        return self.got

    async def got_with(self, ending: bytes) -> bytes:
        """What came until it ended so."""
        while not self.got.endswith(ending):
            self._more.clear()
            await self._more.wait()
        return self.got

    @property
    def is_held_up(self) -> bool:
        """Whether the server reads nothing for now."""
        return not self._may_send.is_set()

    # asyncio.Transport

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if not self._is_closing:
            self.got += data
            self._more.set()

    def is_closing(self) -> bool:
        return self._is_closing

    def pause_reading(self) -> None:
        self._may_send.clear()

    def resume_reading(self) -> None:
        self._may_send.set()

    def close(self) -> None:
        if not self._is_closing:
            self._is_closing = True
            self._may_send.set()
            asyncio.get_running_loop().call_soon(self._lost)

    def _lost(self) -> None:
        self.protocol.connection_lost(None)
        self.closed.set()
