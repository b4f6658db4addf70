"""The external service as a FastMCP server; `fastmcp run services/external/server.py` runs it alone."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Annotated

from fastmcp import FastMCP
from mcp.types import ToolAnnotations
from pydantic import Field

from services.external.fetch import REQUEST_HEADERS, Fetcher, FetchResult, Method, Param
from services.external.network import Network
from services.external.settings import Settings

__all__ = ["Settings", "create_server", "mcp"]


def create_server(settings: Settings | None = None, *, network: Network | None = None) -> FastMCP:
    """The server, with nothing opened yet. `network` replaces the system's resolver and sockets."""
    fetcher = Fetcher(settings or Settings(), network or Network())

    @asynccontextmanager
    async def lifespan(_server: FastMCP) -> AsyncGenerator[None]:
        try:
            yield
        finally:
            await fetcher.close()

    server: FastMCP = FastMCP(
        "external",
        instructions="Fetches data from APIs and pages on the public internet.",
        lifespan=lifespan,
        mask_error_details=True,
    )

    @server.tool(
        annotations=ToolAnnotations(
            read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=True
        )
    )
    async def fetch(
        url: Annotated[
            str, Field(max_length=8_192, description="An http or https URL of a public host, without credentials.")
        ],
        method: Annotated[Method, Field(description="GET, or HEAD for the headers alone.")] = "GET",
        params: Annotated[
            dict[str, Param | list[Param]] | None, Field(description="Query parameters, added to those in the URL.")
        ] = None,
        headers: Annotated[
            dict[str, str] | None,
            Field(description=f"Request headers; allowed are {', '.join(sorted(REQUEST_HEADERS))}."),
        ] = None,
        timeout: Annotated[  # noqa: ASYNC109 - the tool's public parameter
            float | None,
            Field(gt=0, description="Seconds to wait for the whole answer; can only shorten the limit set."),
        ] = None,
    ) -> FetchResult:
        """Fetch a URL: its status, selected headers and body, as JSON or text."""
        return await fetcher.fetch(url, method, params, headers, timeout)

    return server


mcp = create_server()
