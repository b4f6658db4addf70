"""Plain FastMCP, to compare with: `python -m bench.plain [--tools N] [URL ...]` prints its own URL and serves.

Each upstream is mounted with `mount(create_proxy(url))`, beside a service of one tool and N tools of the server's own.
"""

import argparse
import socket

import uvicorn
from fastmcp import FastMCP
from fastmcp.server import create_proxy

from bench.service import mcp as service


def composed(urls: list[str], tools: int) -> FastMCP:
    """The server that a newcomer to FastMCP would write."""
    server = FastMCP("plain")
    for number, url in enumerate(urls):
        server.mount(create_proxy(url), namespace=f"up{number}")
    server.mount(service, namespace="own")
    for number in range(tools):
        server.tool(_gives_back, name=f"tool_{number}")
    return server


def _gives_back(text: str, limit: int = 10) -> str:
    """Gives back the text."""
    return text[:limit]


def main() -> None:
    """Serve on a free loopback port."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--tools", type=int, default=0)
    parser.add_argument("urls", nargs="*")
    chosen = parser.parse_args()
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    print(f"http://127.0.0.1:{listener.getsockname()[1]}/mcp", flush=True)
    app = composed(chosen.urls, chosen.tools).http_app()
    uvicorn.Server(uvicorn.Config(app, log_level="error")).run(sockets=[listener])


if __name__ == "__main__":
    main()
