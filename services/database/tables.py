"""The tables of one database: queries on them, and their schema."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastmcp.exceptions import ToolError
from pydantic import BaseModel, Field
from sqlalchemy import CursorResult, RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from services.database.engine import Database
from services.database.reflect import TableInfo, Tables, describe, reflect
from services.database.statements import Query, Statement, UnknownName, build, rows_wanted
from services.database.values import to_json


class QueryResult(BaseModel, frozen=True):
    """What a query read or changed."""

    rows: Annotated[
        list[dict[str, Any]], Field(description="Rows read; of an insert, the columns asked for of the rows made.")
    ]
    row_count: Annotated[int, Field(description="How many rows were read or changed.")]
    truncated: Annotated[bool, Field(description="Whether more rows match than were read.")] = False


class Schema(BaseModel, frozen=True):
    """The tables of the database."""

    tables: list[TableInfo]


class DatabaseTables:
    """Runs queries on tables that are reflected once, and again when a name is asked for that they do not have."""

    def __init__(self, database: Database, max_rows: int) -> None:
        self._database = database
        self._max_rows = max_rows
        self._known: Tables | None = None

    async def query(self, query: Query) -> QueryResult:
        """Run one query in a transaction. Raises ToolError saying what is wrong with it or with the database."""

        async def work(connection: AsyncConnection) -> QueryResult:
            statement = await self._build(connection, query)
            result = await _execute(connection, statement)
            return self._read(query, result)

        return await self._database.run(work, write=query.action != "select")

    async def schema(self, table: str | None = None) -> Schema:
        """All tables, or the one asked for, as they are now. Raises ToolError when there is none of that name."""

        async def work(connection: AsyncConnection) -> Tables:
            self._known = await reflect(connection)
            return self._known

        tables = await self._database.run(work)
        if table is not None and table not in tables:
            raise ToolError("There is no such table. Ask for the schema without a table to see them all.")
        return Schema(tables=[describe(tables[name]) for name in sorted(tables) if table in (None, name)])

    async def _build(self, connection: AsyncConnection, query: Query) -> Statement:
        if self._known is not None:
            try:
                return build(query, self._known, self._max_rows)
            except UnknownName:
                pass  # It may be new: looked for once more below.
        self._known = await reflect(connection)
        return build(query, self._known, self._max_rows)

    def _read(self, query: Query, result: CursorResult[Any]) -> QueryResult:
        if not result.returns_rows:
            return QueryResult(rows=[], row_count=result.rowcount)
        rows = _fetch(result)
        wanted = rows_wanted(query, self._max_rows)
        return QueryResult(rows=to_json(rows[:wanted]), row_count=min(len(rows), wanted), truncated=len(rows) > wanted)


async def _execute(connection: AsyncConnection, statement: Statement) -> CursorResult[Any]:
    if statement.rows is None:
        return await connection.execute(statement.executable)
    return await connection.execute(statement.executable, statement.rows)


def _fetch(result: CursorResult[Any]) -> Sequence[RowMapping]:
    try:
        return result.mappings().all()
    except ValueError as error:
        # SQLite lets any column hold any value.
        raise ToolError(
            "A column holds a value that is not of its declared type. Name the other columns in columns to read them."
        ) from error
