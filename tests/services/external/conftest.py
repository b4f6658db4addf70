"""The loopback site, and servers started on it: each alone, and once more through a gateway."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fastmcp import Client
from fastmcp.client.client import CallToolResult

from gateway.app import create_gateway
from services.external.network import Network
from services.external.server import Settings, create_server
from tests.gateways.kit import written
from tests.services.external import mounted
from tests.services.external.world import Site


@dataclass(frozen=True)
class Answer:
    """One tool result: `error` is its text when it failed, `data` its structured content when it did not."""

    error: str | None
    data: dict[str, Any]
    content: list[Any]


Fetch = Callable[..., Awaitable[Answer]]
Serve = Callable[..., Awaitable[Fetch]]
OpenServer = Callable[..., Awaitable[tuple[Client, str]]]


@pytest.fixture(params=["alone", "through the gateway"])
def through(request: pytest.FixtureRequest) -> bool:
    return request.param != "alone"


@pytest.fixture
async def open_server(through: bool, tmp_path: Path) -> AsyncGenerator[OpenServer]:
    """Start a server with these settings; gives a client, and the prefix of its tools' names."""
    async with AsyncExitStack() as stack:

        async def start(network: Network | None = None, **settings: Any) -> tuple[Client, str]:
            server = create_server(Settings(**settings), network=network)
            if not through:
                return await stack.enter_async_context(Client(server)), ""
            mounted.server = server
            text = f"[services.external]\nmodule = '{mounted.__name__}:server'\n"
            # A client opens and closes its server in a task of its own; a fixture ends in another than it began in.
            return await stack.enter_async_context(Client(create_gateway(written(tmp_path, text)))), "external_"

        yield start


@pytest.fixture
async def serve(open_server: OpenServer) -> Serve:
    """Start a server with these settings; gives a function that calls its `fetch`."""

    async def start(network: Network | None = None, **settings: Any) -> Fetch:
        client, prefix = await open_server(network, **settings)

        async def fetch(url: str, on_progress: Any = None, **arguments: Any) -> Answer:
            result = await client.call_tool(
                f"{prefix}fetch", {"url": url, **arguments}, raise_on_error=False, progress_handler=on_progress
            )
            return answer_of(result)

        return fetch

    return start


def answer_of(result: CallToolResult) -> Answer:
    text = "".join(getattr(part, "text", "") for part in result.content)
    return Answer(text if result.is_error else None, result.structured_content or {}, result.content)


@pytest.fixture
async def site() -> AsyncGenerator[Site]:
    site = Site()
    async with await asyncio.start_server(site, "127.0.0.1", 0) as server:
        site.port = server.sockets[0].getsockname()[1]
        yield site
        await site.close()
