"""The database service as a FastMCP server; `fastmcp run services/database/server.py` runs it alone."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from fastmcp import FastMCP
from mcp.types import ToolAnnotations

from services.database.databases import Databases
from services.database.resources import DatabaseResources
from services.database.service import DatabaseService
from services.database.settings import Settings

__all__ = ["Settings", "create_server", "mcp"]

READS = ToolAnnotations(read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False)
WRITES = ToolAnnotations(read_only_hint=False, destructive_hint=True, idempotent_hint=False, open_world_hint=False)


def create_server(settings: Settings | None = None) -> FastMCP:
    """The server, with nothing opened yet; a database is at the first call."""
    databases = Databases(settings or Settings())
    service, resources = DatabaseService(databases), DatabaseResources(databases)

    @asynccontextmanager
    async def lifespan(_server: FastMCP) -> AsyncGenerator[None]:
        async with databases:
            yield

    server: FastMCP = FastMCP(
        "database",
        instructions="Reads and writes the tables of SQL databases. Call schema first to learn their columns.",
        lifespan=lifespan,
        mask_error_details=True,
    )
    server.tool(service.query, annotations=READS)
    server.tool(service.write, annotations=WRITES)
    server.tool(service.sql, annotations=READS)
    server.tool(service.schema, annotations=READS)
    server.resource("databases://all", mime_type="application/json")(resources.databases)
    server.resource("tables://{database}", mime_type="application/json")(resources.tables)
    server.resource("table://{database}/{table}", mime_type="application/json")(resources.table)
    server.resource("column://{database}/{table}/{column}", mime_type="application/json")(resources.column)
    server.completion(resources.complete)
    return server


mcp = create_server()
