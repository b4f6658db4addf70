"""Gives a new database the sample tables.

Whether a database is new is asked under a lock, in the transaction that fills it, so that of two processes
that start at once one does and the other finds it done.
"""

from sqlalchemy import inspect, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.database.sample import fill

# Any number will do, as long as every process that seeds takes the same.
_ADVISORY_LOCK = 7_227_325_331_074_201_093


async def seed_sqlite(engine: AsyncEngine) -> None:
    """Fill the database if it has never had a table."""
    async with engine.connect() as connection:
        if await _schema_changes(connection):
            return
    async with engine.execution_options(write=True).begin() as connection:
        if not await _schema_changes(connection):
            await connection.run_sync(fill)


async def seed_postgresql(engine: AsyncEngine) -> None:
    """Fill the database if it has no tables."""
    async with engine.begin() as connection:
        await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
        if not await connection.run_sync(lambda sync: inspect(sync).get_table_names()):
            await connection.run_sync(fill)


async def _schema_changes(connection: AsyncConnection) -> int:
    # SQLite counts every change of the schema in the file, so dropping the sample tables does not bring them back.
    return (await connection.exec_driver_sql("PRAGMA schema_version")).scalar_one()
