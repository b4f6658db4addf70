"""How uvicorn speaks HTTP here: as it does anywhere, but for when an answer leaves."""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from gateway.turn import held


class HttpProtocol(HttpToolsProtocol):
    """uvicorn's own protocol. Its answers leave with all that is written in the same turn of the loop."""

    def connection_made(self, transport: asyncio.Transport) -> None:
        mine = held(transport, asyncio.get_running_loop())
        super().connection_made(mine)  # ty: ignore[invalid-argument-type]  # it is one in all but class
