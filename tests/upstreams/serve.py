"""Run an ASGI app on a free loopback port, say the URL on stdout, and end with the parent.

The child binds the port itself, so nobody can take it in between. Imported in the legacy environment too: uvicorn and
the standard library only.
"""

import asyncio
import os
import socket
import sys
import threading
from typing import Any, Literal

import uvicorn


class Announced(uvicorn.Server):
    """Prints `http://127.0.0.1:<port><path>` once it accepts connections."""

    path = "/"

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        port = self.servers[0].sockets[0].getsockname()[1]
        print(f"http://127.0.0.1:{port}{self.path}", flush=True)


def serve(app: Any, path: str, protocol: type[asyncio.Protocol] | Literal["auto"] = "auto") -> None:
    """Serve until a signal comes or the parent goes. `path` is the MCP endpoint to announce."""
    end_with_parent()
    config = uvicorn.Config(
        app, host="127.0.0.1", port=0, http=protocol, log_level="critical", timeout_graceful_shutdown=1
    )
    server = Announced(config)
    server.path = path
    server.run()


def end_with_parent() -> None:
    """Exit when stdin ends: the parent holds its other end, so even a killed test run leaves no server behind."""

    def wait() -> None:
        while os.read(sys.stdin.fileno(), 4096):  # not `sys.stdin`'s own: its lock would abort the end of Python
            pass
        os._exit(0)

    threading.Thread(target=wait, daemon=True).start()
