"""All databases of the service, by name, and what is done with each."""

from dataclasses import dataclass
from types import TracebackType
from typing import Self

from fastmcp.exceptions import ToolError

from services.database.engine import Database
from services.database.rows import Limits
from services.database.settings import Settings, Source
from services.database.sql import Sql
from services.database.tables import DatabaseTables
from services.workers import job
from services.workers.engine import Engine

WORKER = "services.database.sql_worker"


@dataclass(frozen=True)
class Opened:
    """One database: its tables, and SQL on it."""

    database: Database
    tables: DatabaseTables
    sql: Sql


class Databases:
    """The databases that the settings name. Within its context they stay open; each opens at its first use."""

    def __init__(self, settings: Settings) -> None:
        limits = job.Limits(settings.timeout, settings.max_bytes, settings.memory_limit)
        self._settings = settings
        self._worker = Engine(WORKER, limits, settings.workers)
        self._databases = {name: self._made(source) for name, source in settings.sources().items()}

    async def __aenter__(self) -> Self:
        await self._worker.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._worker.__aexit__(kind, error, trace)
        for each in self._databases.values():
            await each.database.close()

    @property
    def names(self) -> list[str]:
        return list(self._databases)

    def find(self, name: str) -> Opened:
        """The database of that name. Raises ToolError."""
        if name not in self._databases:
            raise ToolError(f"There is no such database. There are {', '.join(self._databases)}.")
        return self._databases[name]

    def _made(self, source: Source) -> Opened:
        settings = self._settings
        limits = Limits(settings.max_rows, settings.max_bytes)
        database = Database(source, settings.timeout)
        sql = Sql(database, self._worker, limits, settings.timeout, source.sql_role)
        return Opened(database, DatabaseTables(database, limits), sql)
