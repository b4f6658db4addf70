"""The second guard on PostgreSQL, with the first one taken away: hostile statements leave nothing all the same."""

from contextlib import suppress
from pathlib import Path

import pytest
from fastmcp.exceptions import ToolError
from sqlalchemy.exc import DBAPIError

from services.database.engine import Database
from services.database.postgresql_sql import confine, run
from services.database.reflect import reflect
from services.database.settings import Settings
from tests.services.database.kit import count

HOSTILE = Path(__file__).with_name("hostile_sql.txt").read_text().splitlines()
TIMEOUT = 0.3
# What only the first guard can refuse: a superuser's functions that reach outside of every transaction.
OUTSIDE = ("lo_export", "pg_terminate_backend", "COPY")


async def test_nothing_is_written_without_the_first_guard(postgresql_url: str):
    database = Database(Settings(url=postgresql_url, seed=True), 5)
    await database.run(reflect)
    for line in HOSTILE:
        if any(word in line for word in OUTSIDE):
            continue

        async def work(connection, line: str = line):
            await confine(connection, TIMEOUT, None)
            return await run(connection, line, 100, 10_000)

        with suppress(ToolError):
            await database.run_apart(work)
    await database.close()
    assert [await count(postgresql_url, table) for table in ("users", "products")] == [12, 12]
    assert await count(postgresql_url, "pg_class WHERE relname = 'x'") == 0
    assert await count(postgresql_url, "pg_largeobject_metadata") == 0


async def test_the_transaction_reads_only_and_ends_in_time(postgresql_url: str):
    database = Database(Settings(url=postgresql_url, seed=True), 5)

    async def told(connection) -> list[str]:
        await confine(connection, TIMEOUT, "pg_monitor")
        names = ("transaction_read_only", "statement_timeout", "lock_timeout", "role")
        return [(await connection.exec_driver_sql(f"SHOW {name}")).scalar_one() for name in names]

    async def writing(connection) -> None:
        await confine(connection, TIMEOUT, None)
        await connection.exec_driver_sql("DELETE FROM users")

    assert await database.run_apart(told) == ["on", "300ms", "300ms", "pg_monitor"]
    with pytest.raises(ToolError, match="may only be read") as refused:
        await database.run_apart(writing)
    assert isinstance(refused.value.__cause__, DBAPIError)
    await database.close()
