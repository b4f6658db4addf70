"""The tables of one database: what is read of them, what is written, and their schema."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from fastmcp.exceptions import ToolError
from sqlalchemy import Column, CursorResult, Row
from sqlalchemy.ext.asyncio import AsyncConnection

from services.database.engine import Database
from services.database.figures import ColumnFigures, figures_of
from services.database.names import UnknownName, find_columns, find_table
from services.database.reading import Page, Query, build_reading, make_page
from services.database.reflect import TableInfo, Tables, describe, describe_column, reflect
from services.database.rows import Limits, fitting
from services.database.values import to_json
from services.database.writing import Change, Writing, Written, build_writing

T = TypeVar("T")


class DatabaseTables:
    """Reads and writes tables that are reflected once, and again when a name is asked for that they do not have."""

    def __init__(self, database: Database, limits: Limits) -> None:
        self._database = database
        self._limits = limits
        self._known: Tables | None = None

    async def query(self, query: Query) -> Page:
        """Read one page. Raises ToolError saying what is wrong with the query or with the database."""

        async def work(connection: AsyncConnection) -> Page:
            reading = await self._build(connection, lambda tables: build_reading(query, tables, self._limits.max_rows))
            found = _fetch(await connection.execute(reading.statement))
            return make_page(query, reading, found, self._limits)

        return await self._database.run(work)

    async def write(self, change: Change, *, dry_run: bool = False) -> Written:
        """Make one change in a transaction; of a dry run nothing is kept. Raises ToolError as `query` does."""

        async def work(connection: AsyncConnection) -> Written:
            writing = await self._build(connection, lambda tables: build_writing(change, tables, self._limits.max_rows))
            written = self._written(writing, await _execute(connection, writing), dry_run)
            if dry_run:
                await connection.rollback()
            return written

        return await self._database.run(work, write=True)

    async def schema(self, table: str | None = None) -> list[TableInfo]:
        """All tables, or the one asked for, as they are now. Raises ToolError when there is none of that name."""

        async def work(connection: AsyncConnection) -> Tables:
            self._known = await reflect(connection)
            return self._known

        tables = await self._database.run(work)
        if table is not None:
            return [describe(find_table(tables, table))]
        return [describe(tables[name]) for name in sorted(tables)]

    async def figures(self, table: str, column: str) -> ColumnFigures:
        """What the values of a column are like. Raises ToolError as `query` does."""

        async def work(connection: AsyncConnection) -> ColumnFigures:
            found = await self._build(connection, lambda tables: _column(tables, table, column))
            [row] = _fetch(await connection.execute(figures_of(found)))
            [values] = to_json([dict(zip(ColumnFigures.model_fields, (None, *row), strict=True))])
            return ColumnFigures.model_validate({**values, "column": describe_column(found)})

        return await self._database.run(work)

    async def _build(self, connection: AsyncConnection, build: Callable[[Tables], T]) -> T:
        if self._known is not None:
            try:
                return build(self._known)
            except UnknownName:
                pass  # It may be new: looked for once more below.
        self._known = await reflect(connection)
        return build(self._known)

    def _written(self, writing: Writing, result: CursorResult[Any], dry_run: bool) -> Written:
        if not result.returns_rows:
            return Written(rows=[], row_count=result.rowcount, dry_run=dry_run)
        found = _fetch(result)
        rows = fitting(writing.returned, found[: self._limits.max_rows], self._limits.max_bytes, "returning")
        return Written(rows=rows, row_count=len(found), truncated=len(rows) < len(found), dry_run=dry_run)


def _column(tables: Tables, table: str, column: str) -> Column[Any]:
    return find_columns(find_table(tables, table), [column], "the URI")[0]


async def _execute(connection: AsyncConnection, writing: Writing) -> CursorResult[Any]:
    if writing.rows is None:
        return await connection.execute(writing.statement)
    return await connection.execute(writing.statement, writing.rows)


def _fetch(result: CursorResult[Any]) -> Sequence[Row[Any]]:
    try:
        return result.all()
    except ValueError as error:
        # SQLite lets any column hold any value.
        raise ToolError(
            "A column holds a value that is not of its declared type. Name the other columns in columns to read them."
        ) from error
