"""`python -m tests.conformance.behind FILE`: a gateway with that configuration, for the suite to meet.

Prints its URL once all upstreams are heard, and puts its log beside the configuration.
"""

import asyncio
import os
import socket
import sys
from pathlib import Path

import uvicorn

from gateway.app import create_gateway
from gateway.server import Gateway
from tests.conformance.uris import SuiteUris
from tests.upstreams.serve import end_with_parent


class Heard(uvicorn.Server):
    """Says where it serves when the catalog is whole, not only when it accepts connections."""

    def __init__(self, gateway: Gateway):
        super().__init__(uvicorn.Config(SuiteUris(gateway.http_app()), log_config=None, timeout_graceful_shutdown=1))
        self._gateway = gateway

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        await self._gateway.runtime.heard()
        port = self.servers[0].sockets[0].getsockname()[1]
        print(f"http://127.0.0.1:{port}{self._gateway.runtime.config.server.path}", flush=True)


def main() -> None:
    end_with_parent()
    file = Path(sys.argv[1])
    log = (file.parent / "gateway.log").open("w")
    os.dup2(log.fileno(), sys.stderr.fileno())
    asyncio.run(Heard(create_gateway(file)).serve([socket.create_server(("127.0.0.1", 0))]))


if __name__ == "__main__":
    main()
