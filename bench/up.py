"""The gateway on a free port, its log in a file beside its configuration: `python -m bench.up FILE` prints the URL."""

import socket
import sys
from pathlib import Path

import uvicorn

from gateway.app import create_gateway
from gateway.observe.logs import configure


def main() -> None:
    """Serve."""
    file = Path(sys.argv[1])
    gateway = create_gateway(file)
    sys.stderr = (file.parent / "gateway.log").open("w")
    configure(gateway.runtime.config.log)
    listener = socket.create_server(("127.0.0.1", 0))
    print(f"http://127.0.0.1:{listener.getsockname()[1]}/mcp", flush=True)
    uvicorn.Server(uvicorn.Config(gateway.http_app(), log_config=None, access_log=False)).run(sockets=[listener])


if __name__ == "__main__":
    main()
