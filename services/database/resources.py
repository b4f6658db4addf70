"""The resources of the database service, and the completion of their names."""

import json
import logging
from collections.abc import Generator
from contextlib import contextmanager

from fastmcp.exceptions import ResourceError, ToolError
from fastmcp.server.completions import CompletionReference
from mcp.types import CompletionArgument, CompletionContext

from services.database.databases import Databases
from services.database.reading import Query
from services.database.settings import DEFAULT

SAMPLE_ROWS = 5


class DatabaseResources:
    """What can be read by URI. Its errors are texts for the caller."""

    def __init__(self, databases: Databases) -> None:
        self._databases = databases

    def databases(self) -> str:
        """The names of the databases that there are."""
        return json.dumps(self._databases.names)

    async def tables(self, database: str) -> str:
        """The tables of one database: columns, types, primary and foreign keys."""
        with _told():
            tables = await self._databases.find(database).tables.schema()
        return json.dumps([table.model_dump() for table in tables])

    async def table(self, database: str, table: str) -> str:
        """One table: its columns with their types and keys, and its first rows."""
        with _told():
            found = self._databases.find(database).tables
            [described] = await found.schema(table)
            page = await found.query(Query(table, limit=SAMPLE_ROWS))
        return json.dumps({**described.model_dump(), "first_rows": page.rows})

    async def column(self, database: str, table: str, column: str) -> str:
        """One column: its type, how many rows, nulls and distinct values it has, the least and the greatest."""
        with _told():
            figures = await self._databases.find(database).tables.figures(table, column)
        return figures.model_dump_json()

    async def complete(
        self, reference: CompletionReference, argument: CompletionArgument, context: CompletionContext | None
    ) -> list[str]:
        """Names of databases, tables and columns that begin with what is there already."""
        if reference.type != "ref/resource":
            return []
        given = (context.arguments if context is not None else None) or {}
        try:
            names = await self._names(argument.name, given)
        except ToolError:
            return []
        begun = argument.value.casefold()
        return [name for name in names if name.casefold().startswith(begun)]

    async def _names(self, argument: str, given: dict[str, str]) -> list[str]:
        if argument == "database":
            return self._databases.names
        tables = self._databases.find(given.get("database", DEFAULT)).tables
        if argument == "table":
            return [table.name for table in await tables.schema()]
        if argument == "column" and "table" in given:
            [table] = await tables.schema(given["table"])
            return [column.name for column in table.columns]
        return []


@contextmanager
def _told() -> Generator[None]:
    """Errors for who reads a resource are the same as for who calls a tool."""
    try:
        yield
    except ToolError as error:
        raise ResourceError(str(error), log_level=logging.INFO) from error
