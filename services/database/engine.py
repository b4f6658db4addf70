"""Opens the database at first use, and runs work in transactions within a deadline."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.pool import NullPool

from services.database.address import Address, parse_address
from services.database.failures import told_plainly
from services.database.postgresql import open_postgresql
from services.database.seed import seed_postgresql, seed_sqlite
from services.database.settings import Source
from services.database.sqlite import open_sqlite, sqlite_path

T = TypeVar("T")


class Database:
    """One database. Nothing is opened before the first `run`, and a failed opening is tried again by the next."""

    def __init__(self, source: Source, timeout: float) -> None:
        self._source = source
        self._timeout = timeout
        self._engine: AsyncEngine | None = None
        self._opening = asyncio.Lock()

    async def run(self, work: Callable[[AsyncConnection], Awaitable[T]], *, write: bool = False) -> T:
        """The result of `work`, done in one transaction: all of it is kept, or after an error nothing.

        Work that writes says so beforehand: in SQLite a transaction that has read can be too late to write.
        Raises ToolError, naming the database, when it cannot be reached, refuses the work or takes too long.
        """
        address = parse_address(self._source.url)
        with told_plainly(address.label, self._timeout, write):
            async with asyncio.timeout(self._timeout):
                engine = await self._opened(address)
                async with engine.execution_options(write=write).begin() as connection:
                    return await work(connection)

    async def run_apart(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """The result of `work` on a connection of its own, that is closed behind it with nothing kept.

        Raises ToolError as `run` does.
        """
        address = parse_address(self._source.url)
        with told_plainly(address.label, self._timeout, write=False):
            async with asyncio.timeout(self._timeout):
                await self._opened(address)
                engine = open_postgresql(address.url, poolclass=NullPool)
                async with engine.connect() as connection:
                    return await work(connection)

    async def file(self) -> str | None:
        """The path of the SQLite file, which is there now; None for another kind of database. Raises ToolError."""
        address = parse_address(self._source.url)
        if not address.is_sqlite:
            return None
        with told_plainly(address.label, self._timeout, write=False):
            async with asyncio.timeout(self._timeout):
                await self._opened(address)
        return sqlite_path(address.url)

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
        source = self._source
        if address.is_sqlite:
            engine, seed, wanted = open_sqlite(address.url, self._timeout), seed_sqlite, source.seed is not False
        else:
            engine, seed, wanted = open_postgresql(address.url), seed_postgresql, source.seed is True
        try:
            if wanted:
                await seed(engine)
        except BaseException:  # a cancellation too
            await engine.dispose()
            raise
        return engine
