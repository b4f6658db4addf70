"""The database service as a FastMCP server; `fastmcp run services/database/server.py` runs it alone."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastmcp import FastMCP
from mcp.types import ToolAnnotations
from pydantic import Field

from services.database.engine import Database
from services.database.settings import Settings
from services.database.statements import Action, Query
from services.database.tables import DatabaseTables, QueryResult, Schema

__all__ = ["Settings", "create_server", "mcp"]

Columns = Annotated[
    list[str] | None,
    Field(description="Columns to give back: of a select all by default, of an insert the primary key."),
]
Where = Annotated[
    dict[str, Any] | None,
    Field(
        description="Which rows: an object of columns, each with a value to equal or an object of operators "
        "(eq, ne, lt, le, gt, ge, like with % and _, in with a list, is_null with true or false). All must "
        'hold. Example: {"role": "admin", "id": {"gt": 3, "in": [4, 5]}}. Needed by update and delete.'
    ),
]
Values = Annotated[
    dict[str, Any] | list[dict[str, Any]] | None,
    Field(description="What to write: an object of columns and values; for an insert also a list of them."),
]
OrderBy = Annotated[
    list[str] | None,
    Field(description="Columns to order a select by, '-' before one for descending. Default: primary key."),
]


def create_server(settings: Settings | None = None) -> FastMCP:
    """The server, with nothing opened yet; the database is at the first call."""
    settings = settings or Settings()
    database = Database(settings)
    tables = DatabaseTables(database, settings.max_rows)

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

    @server.tool(
        annotations=ToolAnnotations(
            read_only_hint=False, destructive_hint=True, idempotent_hint=False, open_world_hint=False
        )
    )
    async def query(
        action: Annotated[Action, Field(description="What to do with the rows of the table.")],
        table: Annotated[str, Field(description="The table's name.")],
        columns: Columns = None,
        where: Where = None,
        values: Values = None,
        order_by: OrderBy = None,
        limit: Annotated[
            int | None, Field(ge=1, description=f"Rows to select at most; never more than {settings.max_rows}.")
        ] = None,
        offset: Annotated[int | None, Field(ge=0, description="Rows of a select to leave out at its start.")] = None,
    ) -> QueryResult:
        """Select, insert, update or delete rows of one table, in one transaction."""
        return await tables.query(Query(action, table, columns, where, values, order_by, limit, offset))

    @server.tool(
        annotations=ToolAnnotations(
            read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
        )
    )
    async def schema(
        table: Annotated[str | None, Field(description="One table; all of them by default.")] = None,
    ) -> Schema:
        """List tables with their columns, types, primary and foreign keys."""
        return await tables.schema(table)

    return server


mcp = create_server()
