"""The tool `sql` on one database: its text is checked in a worker, and then run there or by PostgreSQL."""

import logging
from typing import Annotated, Any

from fastmcp.exceptions import ToolError
from pydantic import BaseModel, Field
from sqlalchemy.ext.asyncio import AsyncConnection

from services.database import postgresql_sql
from services.database.engine import Database
from services.database.rows import Limits
from services.workers.engine import Engine
from services.workers.job import Refused


class SqlResult(BaseModel, frozen=True):
    """What a SELECT gave, or its plan."""

    columns: list[str] = []
    rows: Annotated[list[list[Any]], Field(description="Each with its values in the order of the columns.")] = []
    row_count: Annotated[int, Field(description="How many rows these are.")] = 0
    truncated: Annotated[bool, Field(description="Whether there are more. Aggregate, or use LIMIT and OFFSET.")] = False
    plan: Annotated[list[str] | None, Field(description="With explain: how it would be run, a line a step.")] = None


class Sql:
    """Runs SELECTs on one database."""

    def __init__(self, database: Database, worker: Engine, limits: Limits, timeout: float, role: str | None) -> None:
        self._database = database
        self._worker = worker
        self._limits = limits
        self._timeout = timeout
        self._role = role

    async def run(self, sql: str, *, explain: bool) -> SqlResult:
        """The result of `sql`, or its plan. Raises ToolError when it may not run, fails, or takes too long."""
        try:
            path = await self._database.file()
            if path is None:
                return SqlResult.model_validate(await self._on_postgresql(sql, explain))
            if explain:
                found = await self._worker.run("explain", sql=sql, path=path)
            else:
                found = await self._worker.run("run", sql=sql, path=path, max_rows=self._limits.max_rows)
        except Refused as refused:
            raise ToolError(str(refused), log_level=logging.INFO) from None
        return SqlResult.model_validate(found.result)

    async def _on_postgresql(self, sql: str, explain: bool) -> dict[str, Any]:
        async def work(connection: AsyncConnection) -> dict[str, Any]:
            checked = (await self._worker.run("check", sql=sql)).result["sql"]
            await postgresql_sql.confine(connection, self._timeout, self._role)
            if explain:
                return await postgresql_sql.explain(connection, checked)
            return await postgresql_sql.run(connection, checked, self._limits.max_rows, self._limits.max_bytes)

        return await self._database.run_apart(work)
