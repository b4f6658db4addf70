"""Open client connections, so that a fault can end one without an answer."""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class Connections:
    """Transports by client port."""

    def __init__(self) -> None:
        self._transports: dict[int, asyncio.BaseTransport] = {}

    def close(self, port: int) -> None:
        """End it as soon as what was written is sent."""
        if port in self._transports:
            self._transports[port].close()

    def protocol(self) -> type[asyncio.Protocol]:
        """uvicorn's protocol, telling this table of each connection's life."""
        transports = self._transports

        class Watched(HttpToolsProtocol):
            def connection_made(self, transport: asyncio.Transport) -> None:
                super().connection_made(transport)
                self.port = transport.get_extra_info("peername")[1]
                transports[self.port] = transport

            def connection_lost(self, exc: Exception | None) -> None:
                transports.pop(self.port, None)
                super().connection_lost(exc)

        return Watched
