"""Work is done in one transaction, by many at once, and every connection is closed in the end."""

import asyncio

from sqlalchemy import text

from services.database.engine import Database
from services.database.settings import Settings
from tests.services.database.kit import connected, count

NEW = {"email": "new@example.com", "role": "viewer", "active": True}


async def test_many_calls_at_once_share_the_database(tools, url):
    await asyncio.gather(
        *(
            tools.write("insert", "users", values={**NEW, "email": f"{n}@example.com"})
            if n % 2
            else tools.write("update", "users", values={"role": "viewer"}, where={"id": n})
            for n in range(40)
        )
    )
    assert await count(url, "users") == 32


async def test_closed_it_holds_no_connection_and_opens_again(postgresql_url):
    database = Database(Settings(url=postgresql_url), 5)
    mine = await database.run(backend)
    await database.close()
    async with asyncio.timeout(5):
        while mine in await connected(postgresql_url):
            pass
    assert await database.run(backend) != mine
    await database.close()


async def backend(connection):
    return (await connection.execute(text("SELECT pg_backend_pid()"))).scalar()
