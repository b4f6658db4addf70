"""The external service as a FastMCP server; `fastmcp run services/external/server.py` runs it alone."""

import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastmcp import Context, FastMCP
from fastmcp.tools import ToolResult
from mcp.types import ToolAnnotations
from pydantic import Field

from services.external.apis import add_apis
from services.external.cache import caller
from services.external.fetch import RESULT, Fetcher
from services.external.network import Network
from services.external.request import WITHOUT_BODY, Asked, Param
from services.external.settings import IDEMPOTENT, Settings
from services.external.web import Web

__all__ = ["Settings", "create_server", "mcp"]

INSTRUCTIONS = "Fetches data from APIs and pages on the public internet."
log = logging.getLogger(__name__)


def create_server(settings: Settings | None = None, *, network: Network | None = None) -> FastMCP:
    """The server, with nothing opened yet. `network` replaces the system's resolver and sockets."""
    settings = settings or Settings()
    web = Web(settings, network or Network())

    lost: dict[str, str] = {}

    @asynccontextmanager
    async def lifespan(_server: FastMCP) -> AsyncGenerator[None]:
        for reason in lost.values():
            log.error(reason)
        try:
            yield
        finally:
            await web.close()

    server: FastMCP = FastMCP("external", instructions=INSTRUCTIONS, lifespan=lifespan, mask_error_details=True)
    _add_fetch(server, Fetcher(settings, web), settings)
    lost.update(add_apis(server, settings.apis, web))
    if lost:
        server.instructions = (
            f"{INSTRUCTIONS} Configured but not served, as the operator's log says: {', '.join(lost)}."
        )
    return server


def _add_fetch(server: FastMCP, fetcher: Fetcher, settings: Settings) -> None:
    @server.tool(annotations=_annotations(settings), output_schema=RESULT.json_schema())
    async def fetch(
        ctx: Context,
        url: Annotated[
            str, Field(max_length=8_192, description="An http or https URL of a public host, without credentials.")
        ],
        method: Annotated[
            str,
            Field(
                description="The HTTP method; HEAD brings the headers alone.",
                json_schema_extra={"enum": list(settings.methods)},
            ),
        ] = "GET",
        params: Annotated[
            dict[str, Param | list[Param]] | None, Field(description="Query parameters, added to those in the URL.")
        ] = None,
        headers: Annotated[
            dict[str, str] | None,
            Field(description=f"Request headers; allowed are {', '.join(sorted(settings.allowed_headers))}."),
        ] = None,
        json: Annotated[Any, Field(description="A body to send as JSON, with a method that takes one.")] = None,
        form: Annotated[
            dict[str, Param | list[Param]] | None, Field(description="A body to send as a form, in place of `json`.")
        ] = None,
        markdown: Annotated[bool, Field(description="Whether HTML comes as Markdown, or as it is.")] = True,
        timeout: Annotated[  # noqa: ASYNC109 - the tool's public parameter
            float | None,
            Field(gt=0, description="Seconds to wait for the whole answer; can only shorten the limit set."),
        ] = None,
    ) -> ToolResult:
        """Fetch a URL: its status, selected headers and body, as JSON, text, Markdown or an image."""
        asked = Asked(url, method.upper(), params, headers, json, form)
        return await fetcher.fetch(
            asked, caller=caller(), markdown=markdown, seconds=timeout, on_progress=ctx.report_progress
        )


def _annotations(settings: Settings) -> ToolAnnotations:
    """What the tool may do with the methods that are allowed.

    One tool has them all, as HTTP has, and so its hints are those of the worst: where writing is allowed, clients that
    ask before a tool that writes ask before each fetch. So only GET and HEAD are allowed until somebody says otherwise.
    """
    methods = set(settings.methods)
    return ToolAnnotations(
        read_only_hint=methods <= WITHOUT_BODY,
        destructive_hint=not methods <= WITHOUT_BODY,
        idempotent_hint=methods <= IDEMPOTENT,
        open_world_hint=True,
    )


mcp = create_server()
