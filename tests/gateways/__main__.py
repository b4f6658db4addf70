"""`python -m tests.gateways FILE`: serve that configuration on a free port, and say the URL when all is heard.

It serves as `gateway up` does. All that it writes goes to `gateway.log` beside the configuration.
"""

import asyncio
import os
import socket
import sys
from pathlib import Path

from gateway.app import create_gateway
from gateway.server import Gateway
from tests.upstreams.serve import end_with_parent


async def serve(gateway: Gateway, listener: socket.socket) -> None:
    ready = asyncio.Event()
    gateway.on_ready = ready.set
    port = listener.getsockname()[1]
    async with asyncio.TaskGroup() as group:
        group.create_task(gateway.run_http_async(show_banner=False, port=port, sockets=[listener]))
        await ready.wait()
        await gateway.runtime.heard()
        print(f"http://127.0.0.1:{port}{gateway.runtime.config.server.path}", flush=True)


def main() -> None:
    end_with_parent()
    file = Path(sys.argv[1])
    log = (file.parent / "gateway.log").open("w")
    os.dup2(log.fileno(), sys.stderr.fileno())
    asyncio.run(serve(create_gateway(file), socket.create_server(("127.0.0.1", 0))))


if __name__ == "__main__":
    main()
