"""The gateway as `gateway up` serves it, on a free port: `python -m bench.up FILE [--bare]` prints its URL when it
serves, and another line when it has heard from every upstream.

All that it logs goes to `gateway.log` beside the configuration. `--bare` takes the sinks away: nothing is recorded.
"""

import asyncio
import os
import socket
import sys
from contextlib import nullcontext
from pathlib import Path

import uvloop

from gateway.app import create_gateway, gateway_of
from gateway.cli.workers import in_workers
from gateway.config.load import Loaded, load
from gateway.guard import Guard
from gateway.process.listen import reserve, share
from gateway.process.workers import Worker
from gateway.server import Gateway
from tests.upstreams.serve import end_with_parent


async def serve(gateway: Gateway, listener: socket.socket, worker: Worker | None = None) -> None:
    """Serve until a signal comes. Among several workers the first one speaks for all."""
    ready = asyncio.Event()
    gateway.on_ready = ready.set
    with nullcontext() if worker is None else worker.while_parent_lives():
        async with asyncio.TaskGroup() as group:
            group.create_task(gateway.run_http_async(show_banner=False, sockets=[listener]))
            await ready.wait()
            if worker is not None:
                worker.ready()
            if worker is None or worker.is_first:
                await tell(gateway, listener)


async def tell(gateway: Gateway, listener: socket.socket) -> None:
    """The URL, and when all upstreams were heard."""
    print(f"http://127.0.0.1:{listener.getsockname()[1]}/mcp", flush=True)
    await gateway.runtime.heard()
    print("heard", flush=True)


def in_several(loaded: Loaded) -> None:
    """Serve with as many workers as the configuration says."""
    reserved = reserve("127.0.0.1", 0)
    became = in_workers(loaded, loaded.config.server.workers, reserved)
    if isinstance(became, Worker):
        uvloop.run(serve(gateway_of(lambda: loaded, became), share(reserved), became))


def main() -> None:
    """Read the configuration and serve."""
    end_with_parent()
    file = Path(sys.argv[1])
    log = (file.parent / "gateway.log").open("w")
    os.dup2(log.fileno(), sys.stderr.fileno())
    loaded = load(file)
    if loaded.config.server.workers > 1:
        in_several(loaded)
        return
    gateway = create_gateway(file)
    if "--bare" in sys.argv:
        gateway.runtime.guard = Guard()
    uvloop.run(serve(gateway, socket.create_server(("127.0.0.1", 0), backlog=1024)))


if __name__ == "__main__":
    main()
