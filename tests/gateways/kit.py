"""Start a gateway in any of the ways that people do: the one module that other tests import."""

import asyncio
import contextlib
import json
import socket
import sys
from collections.abc import AsyncGenerator, Generator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from fastmcp.client.transports import StdioTransport

from gateway.app import create_gateway
from gateway.server import Gateway
from gateway.testing.gateways import open_gateway
from tests.upstreams import process
from tests.upstreams.kit import Command, Running
from tests.upstreams.process import Process

SERVICE = 'module = "tests.gateways.service:server"'
COMMAND = "from gateway.cli import main; main()"

Upstream = Running | Command | str

in_memory = open_gateway


@dataclass(frozen=True)
class Served:
    """A gateway in a process of its own, at `url`."""

    url: str
    folder: Path
    process: Process = field(repr=False)

    @property
    def origin(self) -> str:
        return self.url.removesuffix("/mcp")

    def said(self) -> str:
        """All that it has written so far."""
        return (self.folder / "gateway.log").read_text()

    def lines(self, **fields: Any) -> list[dict[str, Any]]:
        """The log lines that have these fields."""
        lines = [json.loads(line) for line in self.said().splitlines()]
        return [line for line in lines if fields.items() <= line.items()]


def plain_http(**options: Any) -> httpx.AsyncClient:
    """A client for loopback, without TLS: loading what that would be verified with takes longer than most tests."""
    return httpx.AsyncClient(verify=False, timeout=10, **options)


def configuration(upstreams: Mapping[str, Upstream], more: str = "") -> str:
    """A `gateway.toml` with the service `own` and these upstreams: running ones, commands, or just a URL.

    Ends with `more`; begin that with the further keys of the last upstream, if there are any.
    """
    tables = "".join(f"[upstreams.{name}]\n{_upstream(each)}" for name, each in upstreams.items())
    return f"[services.own]\n{SERVICE}\n{tables}{more}\n"


def _upstream(upstream: Upstream) -> str:
    if isinstance(upstream, Command):
        env = ", ".join(f"{name} = {json.dumps(value)}" for name, value in upstream.env.items())
        return f"command = {json.dumps(upstream.command)}\nargs = {json.dumps(upstream.args)}\nenv = {{ {env} }}\n"
    return f"url = {json.dumps(upstream if isinstance(upstream, str) else upstream.url)}\n"


def written(folder: Path, text: str) -> Path:
    """The configuration as a file."""
    file = folder / "gateway.toml"
    file.write_text(text)
    return file


@contextlib.contextmanager
def served(folder: Path, text: str) -> Generator[Served]:
    """A gateway over HTTP that has heard its upstreams."""
    started, url = process.start(("-m", "tests.gateways", str(written(folder, text))))
    try:
        yield Served(url, folder, started)
    finally:
        process.stop(started)


class _Server(uvicorn.Server):
    """Says when it accepts connections."""

    def __init__(self, config: uvicorn.Config):
        super().__init__(config)
        self.accepts = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.accepts.set()


@contextlib.asynccontextmanager
async def over_http(folder: Path, text: str) -> AsyncGenerator[tuple[Gateway, str]]:
    """A gateway in this process that has heard its upstreams, and its URL."""
    gateway = create_gateway(written(folder, text))
    server = _Server(uvicorn.Config(gateway.http_app(), log_config=None, timeout_graceful_shutdown=1))
    listener = socket.create_server(("127.0.0.1", 0))
    serving = asyncio.create_task(server.serve([listener]))
    try:
        await server.accepts.wait()
        await gateway.runtime.heard()
        yield gateway, f"http://127.0.0.1:{listener.getsockname()[1]}{gateway.runtime.config.server.path}"
    finally:
        server.should_exit = True
        await serving


def over_stdio(folder: Path, text: str) -> StdioTransport:
    """`gateway up --stdio`, for FastMCP's client to start. What it writes goes to `gateway.log` in the folder."""
    arguments = ["-c", COMMAND, "up", "--stdio", "--config", str(written(folder, text))]
    env, log = {"PYTHONPATH": str(process.ROOT)}, folder / "gateway.log"
    return StdioTransport(sys.executable, arguments, env=env, keep_alive=False, log_file=log)
