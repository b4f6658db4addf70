"""What the tests call the tools with, and how they reach round the service to its database."""

from dataclasses import dataclass
from typing import Any

from fastmcp import Client
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from services.database.address import parse_address


@dataclass(frozen=True)
class Answer:
    """One tool result: `error` is its text when it failed, `data` its structured content when it did not."""

    error: str | None
    data: dict[str, Any]

    @property
    def rows(self) -> list[dict[str, Any]]:
        assert self.error is None, self.error
        return self.data["rows"]


@dataclass(frozen=True)
class Tools:
    """The tools of one running server."""

    client: Client[Any]

    async def query(self, table: str, **arguments: Any) -> Answer:
        return await self.call("query", table=table, **arguments)

    async def write(self, action: str, table: str, **arguments: Any) -> Answer:
        return await self.call("write", action=action, table=table, **arguments)

    async def schema(self, **arguments: Any) -> Answer:
        return await self.call("schema", **arguments)

    async def call(self, tool: str, **arguments: Any) -> Answer:
        result = await self.client.call_tool(tool, arguments, raise_on_error=False)
        words = "".join(getattr(part, "text", "") for part in result.content)
        return Answer(words if result.is_error else None, result.structured_content or {})


async def execute(url: str, *statements: str) -> None:
    """Run statements on the database directly, each in a transaction of its own."""
    engine = create_async_engine(parse_address(url).url, poolclass=NullPool)
    for statement in statements:
        async with engine.begin() as connection:
            await connection.execute(text(statement))
    await engine.dispose()


async def connected(postgresql_url: str) -> list[int]:
    """The process ids of the server's ends of all connections but the asking one."""
    engine = create_async_engine(parse_address(postgresql_url).url, poolclass=NullPool)
    async with engine.begin() as connection:
        others = text(
            "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        )
        pids = (await connection.execute(others)).scalars().all()
    await engine.dispose()
    return list(pids)


async def count(url: str, table: str) -> int:
    """How many rows a table has."""
    engine = create_async_engine(parse_address(url).url, poolclass=NullPool)
    async with engine.begin() as connection:
        rows = (await connection.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one()
    await engine.dispose()
    return rows
