"""The tools of the database service, as methods."""

from typing import Annotated

from pydantic import BaseModel, Field

from services.database.arguments import (
    Columns,
    Cursor,
    DatabaseName,
    DryRun,
    Limit,
    OrderBy,
    Returning,
    SqlText,
    TableName,
    Values,
    Where,
)
from services.database.databases import Databases
from services.database.reading import Page, Query
from services.database.reflect import TableInfo
from services.database.settings import DEFAULT
from services.database.sql import SqlResult
from services.database.writing import Action, Change, Written


class Schema(BaseModel, frozen=True):
    """The tables of a database."""

    database: str
    databases: Annotated[list[str], Field(description="The names of all databases, for the argument database.")]
    tables: list[TableInfo]


class DatabaseService:
    """What the server offers. Its errors are texts for the caller."""

    def __init__(self, databases: Databases) -> None:
        self._databases = databases

    async def query(
        self,
        table: TableName,
        columns: Columns = None,
        where: Where = None,
        order_by: OrderBy = None,
        limit: Limit = None,
        cursor: Cursor = None,
        database: DatabaseName = DEFAULT,
    ) -> Page:
        """Read rows of one table, page by page."""
        tables = self._databases.find(database).tables
        return await tables.query(Query(table, columns, where, order_by, limit, cursor))

    async def write(
        self,
        action: Annotated[Action, Field(description="What to do with rows of the table.")],
        table: TableName,
        values: Values = None,
        where: Where = None,
        returning: Returning = None,
        dry_run: DryRun = False,
        database: DatabaseName = DEFAULT,
    ) -> Written:
        """Insert, update or delete rows of one table, in one transaction: all of them or none.

        Update and delete need where, insert and update values. dry_run says first how many rows it would be.
        """
        tables = self._databases.find(database).tables
        return await tables.write(Change(action, table, values, where, returning), dry_run=dry_run)

    async def sql(
        self,
        sql: SqlText,
        explain: Annotated[bool, Field(description="Give the plan instead of the rows.")] = False,
        database: DatabaseName = DEFAULT,
    ) -> SqlResult:
        """Run one SELECT over any tables, with joins and sums. Read-only, bounded in time, memory, rows and bytes."""
        return await self._databases.find(database).sql.run(sql, explain=explain)

    async def schema(
        self,
        table: Annotated[str | None, Field(description="One table; all of them by default.")] = None,
        database: DatabaseName = DEFAULT,
    ) -> Schema:
        """List tables with their columns, types, primary and foreign keys; and which databases there are."""
        tables = await self._databases.find(database).tables.schema(table)
        return Schema(database=database, databases=self._databases.names, tables=tables)
