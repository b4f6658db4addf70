"""Work is done in one transaction, by many at once, and every connection is closed in the end."""

import asyncio

from sqlalchemy import text

from services.database.engine import Database
from services.database.settings import Settings
from tests.services.database.kit import count

NEW = {"email": "new@example.com", "role": "viewer", "active": True}


async def test_many_calls_at_once_share_the_database(tools, url):
    await asyncio.gather(
        *(
            tools.query("insert", "users", values={**NEW, "email": f"{n}@example.com"})
            if n % 2
            else tools.query("update", "users", values={"role": "viewer"}, where={"id": n})
            for n in range(40)
        )
    )
    assert await count(url, "users") == 32


async def test_closed_it_holds_no_connection_and_opens_again(postgresql_url):
    first, second = Database(Settings(url=postgresql_url)), Database(Settings(url=postgresql_url))
    mine = await first.run(backend)
    await first.close()
    async with asyncio.timeout(5):
        while mine in await second.run(backends):
            pass
    assert await first.run(backend) != mine
    await asyncio.gather(first.close(), second.close())


async def backend(connection):
    return (await connection.execute(text("SELECT pg_backend_pid()"))).scalar()


async def backends(connection):
    return (await connection.execute(text("SELECT pid FROM pg_stat_activity"))).scalars().all()
