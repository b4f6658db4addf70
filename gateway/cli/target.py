"""Where a verb's calls go: to the MCP server at a URL, or to the gateway that is configured here, started for them."""

import os
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

from gateway.cli.serving import gateway_from
from gateway.client import Server
from gateway.errors import InvalidRequest


def bearer_from(variable: str | None) -> str:
    """The token in that variable; none if no variable is named.

    Raises:
        InvalidRequest: it is not set.
    """
    if variable is None:
        return ""
    token = os.environ.get(variable, "")
    if not token:
        raise InvalidRequest(f"The variable {variable} is not set. Put the token to send into it.")
    return token


@asynccontextmanager
async def connected(
    at: str | None, bearer_env: str | None, config: Path | None, tools: Iterable[str]
) -> AsyncGenerator[Server]:
    """A connection to the server at `at`; without that, to a gateway of our own, ready for calls of these tools."""
    if at is not None:
        async with Server(at, bearer=bearer_from(bearer_env)) as server:
            yield server
        return
    if bearer_env is not None:
        raise InvalidRequest("--bearer-env is for a server at a URL. Give its URL with --at.")
    gateway, _ = gateway_from(config)
    async with gateway.opened():
        for namespace in {tool.partition("_")[0] for tool in tools}:
            upstream = gateway.runtime.upstreams.get(namespace)
            if upstream is not None:
                await upstream.first_round()  # a program may take longer to start than the gateway waits for it
        async with Server(gateway) as server:
            yield server
