"""Opens the database at first use, and runs work in transactions within a deadline."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.database.address import Address, parse_address
from services.database.failures import told_plainly
from services.database.postgresql import open_postgresql
from services.database.seed import seed_postgresql, seed_sqlite
from services.database.settings import Settings
from services.database.sqlite import open_sqlite

T = TypeVar("T")


class Database:
    """One database. Nothing is opened before the first `run`, and a failed opening is tried again by the next."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._engine: AsyncEngine | None = None
        self._opening = asyncio.Lock()

    async def run(self, work: Callable[[AsyncConnection], Awaitable[T]], *, write: bool = False) -> T:
        """The result of `work`, done in one transaction: all of it is kept, or after an error nothing.

        Work that writes says so beforehand: in SQLite a transaction that has read can be too late to write.
        Raises ToolError, naming the database, when it cannot be reached, refuses the work or takes too long.
        """
        address = parse_address(self._settings.url)
        with told_plainly(address.label, self._settings.timeout, write):
            async with asyncio.timeout(self._settings.timeout):
                engine = await self._opened(address)
                async with engine.execution_options(write=write).begin() as connection:
                    return await work(connection)

    async def close(self) -> None:
        """Close all connections; the next `run` opens anew."""
        engine, self._engine = self._engine, None
        if engine is not None:
            await engine.dispose()

    async def _opened(self, address: Address) -> AsyncEngine:
        async with self._opening:
            if self._engine is None:
                self._engine = await self._open(address)
            return self._engine

    async def _open(self, address: Address) -> AsyncEngine:
        settings = self._settings
        if address.is_sqlite:
            engine, seed, wanted = open_sqlite(address.url, settings.timeout), seed_sqlite, settings.seed is not False
        else:
            engine, seed, wanted = open_postgresql(address.url), seed_postgresql, settings.seed is True
        try:
            if wanted:
                await seed(engine)
        except BaseException:
            await engine.dispose()
            raise
        return engine
