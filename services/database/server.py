"""The database service as a FastMCP server; `fastmcp run services/database/server.py` runs it alone."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from fastmcp import FastMCP
from mcp.types import ToolAnnotations

from services.database.engine import Database
from services.database.rows import Limits
from services.database.service import DatabaseService
from services.database.settings import Settings
from services.database.tables import DatabaseTables

__all__ = ["Settings", "create_server", "mcp"]

READS = ToolAnnotations(read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False)
WRITES = ToolAnnotations(read_only_hint=False, destructive_hint=True, idempotent_hint=False, open_world_hint=False)


def create_server(settings: Settings | None = None) -> FastMCP:
    """The server, with nothing opened yet; the database is at the first call."""
    settings = settings or Settings()
    database = Database(settings)
    service = DatabaseService(DatabaseTables(database, Limits(settings.max_rows, settings.max_bytes)))

    @asynccontextmanager
    async def lifespan(_server: FastMCP) -> AsyncGenerator[None]:
        try:
            yield
        finally:
            await database.close()

    server: FastMCP = FastMCP(
        "database",
        instructions="Reads and writes the tables of one SQL database. Call schema first to learn their columns.",
        lifespan=lifespan,
        mask_error_details=True,
    )
    server.tool(service.query, annotations=READS)
    server.tool(service.write, annotations=WRITES)
    server.tool(service.schema, annotations=READS)
    return server


mcp = create_server()
