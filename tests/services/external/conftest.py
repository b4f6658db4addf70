"""The loopback site, and servers started on it."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import pytest
from fastmcp import Client

from services.external.network import Network
from services.external.server import Settings, create_server
from tests.services.external.world import Site


@dataclass(frozen=True)
class Answer:
    """One tool result: `error` is its text when it failed, `data` its structured content when it did not."""

    error: str | None
    data: dict[str, Any]
    content: list[Any]


Fetch = Callable[..., Awaitable[Answer]]
Serve = Callable[..., Awaitable[Fetch]]


@pytest.fixture
async def serve() -> AsyncGenerator[Serve]:
    """Start a server with these settings; gives a function that calls its `fetch`."""
    async with AsyncExitStack() as stack:

        async def start(network: Network | None = None, **settings: Any) -> Fetch:
            client = await stack.enter_async_context(Client(create_server(Settings(**settings), network=network)))

            async def fetch(url: str, on_progress: Any = None, **arguments: Any) -> Answer:
                result = await client.call_tool(
                    "fetch", {"url": url, **arguments}, raise_on_error=False, progress_handler=on_progress
                )
                text = "".join(getattr(part, "text", "") for part in result.content)
                return Answer(text if result.is_error else None, result.structured_content or {}, result.content)

            return fetch

        yield start


@pytest.fixture
async def site() -> AsyncGenerator[Site]:
    site = Site()
    async with await asyncio.start_server(site, "127.0.0.1", 0) as server:
        site.port = server.sockets[0].getsockname()[1]
        yield site
