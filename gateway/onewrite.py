"""One write for the head of an answer and what follows it.

ASGI gives the two apart, and uvicorn writes each as it comes: two system calls, and often two packets, for an answer
that fits into one.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

END_OF_HEAD = b"\r\n\r\n"


class OneWrite:
    """A transport that keeps a head until the next write, and at the longest until the loop comes round again."""

    def __init__(self, transport: asyncio.Transport):
        self._transport = transport
        self._held: bytes | None = None
        self._soon = asyncio.get_running_loop().call_soon
        self.is_closing = transport.is_closing  # asked for each answer, which is too often for `__getattr__`

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """As the transport's own, a little later for a head."""
        if self._held is not None:
            held, self._held = self._held, None
            self._transport.write(held + data)
        elif data.startswith(b"HTTP/1.1 ") and data.endswith(END_OF_HEAD):
            self._held = data
            self._soon(self._flush)
        else:
            self._transport.write(data)

    def close(self) -> None:
        """As the transport's own, after what is held."""
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        if self._held is not None:
            held, self._held = self._held, None
            self._transport.write(held)


class OneWriteProtocol(HttpToolsProtocol):
    """uvicorn's own protocol, over such a transport."""

    def connection_made(self, transport: asyncio.Transport) -> None:
        super().connection_made(OneWrite(transport))  # ty: ignore[invalid-argument-type]  # it is one in all but class
