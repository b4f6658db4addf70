"""PostgreSQL: calls end in time whatever the server does, and lost connections are replaced."""

import asyncio
import os
import signal
import time

import pytest
from fastmcp.exceptions import ToolError
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from services.database.address import parse_address
from services.database.engine import Database
from services.database.reflect import reflect
from services.database.settings import Settings
from tests.services.database.kit import count, execute

NEW = {"email": "new@example.com", "role": "viewer", "active": True}
# How much later than its deadline a call may end; less than the 2 s that a driver would take for its goodbye.
MARGIN = 1.5
TERMINATE_OTHERS = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"""


@pytest.fixture
async def locked(postgresql_url):
    """A connection that keeps all others from the table users, which has the sample rows, and sees who waits."""
    database = Database(Settings(url=postgresql_url, seed=True), 5)
    await database.run(reflect)
    await database.close()
    engine = create_async_engine(parse_address(postgresql_url).url)
    async with engine.begin() as connection:
        await connection.execute(text("LOCK TABLE users"))
        yield connection
    await engine.dispose()


async def test_a_postgresql_statement_that_waits_too_long_is_given_up(serve, postgresql_url, locked):
    tools = await serve(postgresql_url, timeout=0.5)
    started = time.monotonic()
    read = await tools.query("users")
    written = await tools.write("insert", "users", values=NEW)
    assert time.monotonic() - started < 1 + MARGIN
    assert "did not answer within 0.5 s" in read.error
    assert "not known" not in read.error
    assert "Whether the change was made is not known: read the rows before trying it again." in written.error
    await locked.rollback()
    assert await count(postgresql_url, "users") == 12


async def test_a_connection_that_breaks_under_a_write_leaves_it_unsure_and_says_so(serve, postgresql_url, locked):
    tools = await serve(postgresql_url)
    writing = asyncio.create_task(tools.write("insert", "users", values=NEW))
    ended = None
    async with asyncio.timeout(5):
        while not ended:
            waiting = text("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE NOT granted")
            ended = (await locked.execute(waiting)).scalar()
    assert "Whether the change was made is not known" in (await writing).error
    await locked.rollback()
    assert await count(postgresql_url, "users") == 12


async def test_a_frozen_postgresql_is_given_up_in_time(postgresql_url):
    database = Database(Settings(url=postgresql_url), 0.5)

    async def backend(connection):
        return (await connection.execute(text("SELECT pg_backend_pid()"))).scalar()

    frozen = await database.run(backend)
    os.kill(frozen, signal.SIGSTOP)
    try:
        started = time.monotonic()
        with pytest.raises(ToolError, match="did not answer"):
            await database.run(backend)
        assert time.monotonic() - started < 0.5 + MARGIN
        assert await database.run(backend) != frozen
    finally:
        os.kill(frozen, signal.SIGCONT)
        await database.close()


async def test_connections_that_the_server_ended_are_replaced(serve, postgresql_url):
    tools = await serve(postgresql_url)
    await tools.schema()
    await execute(postgresql_url, TERMINATE_OTHERS)
    assert len((await tools.query("users")).rows) == 12
