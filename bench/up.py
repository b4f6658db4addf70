"""The gateway as `gateway up` serves it, on a free port: `python -m bench.up FILE [--bare]` prints its URL when it
serves, and another line when it has heard from every upstream.

All that it logs goes to `gateway.log` beside the configuration. `--bare` takes the sinks away: nothing is recorded.
"""

import asyncio
import os
import socket
import sys
from pathlib import Path

import uvloop

from gateway.app import create_gateway
from gateway.guard import Guard
from gateway.server import Gateway
from tests.upstreams.serve import end_with_parent


async def serve(gateway: Gateway, listener: socket.socket) -> None:
    """Serve until a signal comes."""
    ready = asyncio.Event()
    gateway.on_ready = ready.set
    async with asyncio.TaskGroup() as group:
        group.create_task(gateway.run_http_async(show_banner=False, sockets=[listener]))
        await ready.wait()
        print(f"http://127.0.0.1:{listener.getsockname()[1]}/mcp", flush=True)
        await gateway.runtime.heard()
        print("heard", flush=True)


def main() -> None:
    """Read the configuration and serve."""
    end_with_parent()
    file = Path(sys.argv[1])
    log = (file.parent / "gateway.log").open("w")
    os.dup2(log.fileno(), sys.stderr.fileno())
    gateway = create_gateway(file)
    if "--bare" in sys.argv:
        gateway.runtime.guard = Guard()
    uvloop.run(serve(gateway, socket.create_server(("127.0.0.1", 0), backlog=1024)))


if __name__ == "__main__":
    main()
