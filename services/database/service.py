"""The tools of the database service, as methods."""

from typing import Annotated

from pydantic import BaseModel, Field

from services.database.arguments import (
    Columns,
    Cursor,
    DryRun,
    Limit,
    OrderBy,
    Returning,
    TableName,
    Values,
    Where,
)
from services.database.reading import Page, Query
from services.database.reflect import TableInfo
from services.database.tables import DatabaseTables
from services.database.writing import Action, Change, Written


class Schema(BaseModel, frozen=True):
    """The tables of a database."""

    tables: list[TableInfo]


class DatabaseService:
    """What the server offers. Its errors are texts for the caller."""

    def __init__(self, tables: DatabaseTables) -> None:
        self._tables = tables

    async def query(
        self,
        table: TableName,
        columns: Columns = None,
        where: Where = None,
        order_by: OrderBy = None,
        limit: Limit = None,
        cursor: Cursor = None,
    ) -> Page:
        """Read rows of one table, page by page."""
        return await self._tables.query(Query(table, columns, where, order_by, limit, cursor))

    async def write(
        self,
        action: Annotated[Action, Field(description="What to do with rows of the table.")],
        table: TableName,
        values: Values = None,
        where: Where = None,
        returning: Returning = None,
        dry_run: DryRun = False,
    ) -> Written:
        """Insert, update or delete rows of one table, in one transaction: all of them or none.

        Update and delete need where, insert and update values. dry_run says first how many rows it would be.
        """
        return await self._tables.write(Change(action, table, values, where, returning), dry_run=dry_run)

    async def schema(
        self, table: Annotated[str | None, Field(description="One table; all of them by default.")] = None
    ) -> Schema:
        """List tables with their columns, types, primary and foreign keys."""
        return Schema(tables=await self._tables.schema(table))
