"""A gateway with two workers, and clients of which it is known which worker they reach."""

import asyncio
import contextlib
import re
import socket
from collections.abc import AsyncGenerator, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from starlette.types import ASGIApp
from uvicorn.server import ServerState

from tests.cli.running import PATIENCE, Up, up
from tests.gateways.kit import written
from tests.upstreams.messages import ACCEPT, LEGACY, initialize, messages_in

COUNT = 2


@dataclass(frozen=True)
class Near:
    """One client with one connection, which ends at worker `number`; and a session of that worker's."""

    http: httpx.AsyncClient
    url: str
    number: int
    session: dict[str, str]

    async def says(self, body: Any, headers: dict[str, str]) -> httpx.Response:
        """The answer to a request over this client's connection."""
        return await self.http.post(self.url, json=body, headers=headers)

    async def result(self, body: Any, headers: dict[str, str]) -> dict[str, Any]:
        """The last message of the answer."""
        answer = await self.says(body, headers)
        return messages_in(answer.headers["content-type"], answer.text)[-1]


@contextlib.contextmanager
def two_workers(folder: Path, text: str, **environ: str) -> Generator[Up]:
    """`gateway up --workers 2`, once both serve."""
    written(folder, text)
    with up(folder, "--workers", str(COUNT), **environ) as process:
        for number in range(1, COUNT + 1):
            process.wait_for('"event": "serving"', f'"worker": {number}')
        yield process


def number_of(session: str) -> int:
    """The worker that gave out a session's id."""
    found = re.fullmatch(r"[0-9a-f]{32}~(\d+)", session)
    assert found is not None, session
    return int(found[1])


async def opened(http: httpx.AsyncClient, url: str, **headers: str) -> dict[str, str]:
    """The headers of a new session."""
    hello = await http.post(url, json=initialize(), headers=ACCEPT | headers)
    session = ACCEPT | headers | {"mcp-session-id": hello.headers["mcp-session-id"], "mcp-protocol-version": LEGACY}
    await http.post(url, json={"jsonrpc": "2.0", "method": "notifications/initialized"}, headers=session)
    return session


@contextlib.asynccontextmanager
async def one_at_each(url: str, **headers: str) -> AsyncGenerator[list[Near]]:
    """A client at each worker, in the order of their numbers."""
    found: dict[int, Near] = {}
    async with contextlib.AsyncExitStack() as stack:
        while len(found) < COUNT:
            limits = httpx.Limits(max_connections=1)
            http = await stack.enter_async_context(httpx.AsyncClient(verify=False, timeout=PATIENCE, limits=limits))
            session = await opened(http, url, **headers)
            number = number_of(session["mcp-session-id"])
            found.setdefault(number, Near(http, url, number, session))
        yield [found[number] for number in sorted(found)]


@contextlib.asynccontextmanager
async def answering(listener: socket.socket, app: ASGIApp) -> AsyncGenerator[None]:
    """A worker in this process, as far as its socket goes: `app` has what comes over it."""
    config = uvicorn.Config(app, log_config=None, lifespan="off", interface="asgi3")
    config.load()
    state = ServerState()
    protocol: Any = config.http_protocol_class
    server = await asyncio.get_running_loop().create_unix_server(
        lambda: protocol(config=config, server_state=state, app_state={}), sock=listener
    )
    try:
        yield
    finally:
        server.close()
        for connection in list(state.connections):
            connection.shutdown()
