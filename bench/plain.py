"""Plain FastMCP composition, to compare with: `python -m bench.plain URL [URL ...]` prints its own URL and serves.

Each upstream is mounted with `mount(create_proxy(url))`, beside one tool of the server's own.
"""

import socket
import sys

import uvicorn
from fastmcp import FastMCP
from fastmcp.server import create_proxy


def composed(urls: list[str]) -> FastMCP:
    """The server that a newcomer to FastMCP would write."""
    server = FastMCP("plain")
    for number, url in enumerate(urls):
        server.mount(create_proxy(url), namespace=f"up{number}")
    own = FastMCP("own")

    @own.tool
    async def shout(text: str) -> str:
        """The text in capitals."""
        return text.upper()

    server.mount(own, namespace="own")
    return server


def main() -> None:
    """Serve on a free loopback port."""
    listener = socket.create_server(("127.0.0.1", 0))
    print(f"http://127.0.0.1:{listener.getsockname()[1]}/mcp", flush=True)
    config = uvicorn.Config(composed(sys.argv[1:]).http_app(), log_level="error")
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
