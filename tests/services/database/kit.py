"""What the tests call the tools with, and how they reach round the service to its database."""

import json
from dataclasses import dataclass
from typing import Any

from fastmcp import Client
from mcp.types import ResourceTemplateReference, TextResourceContents
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
    """The tools and resources of one running server. `namespace` is empty when it runs alone."""

    client: Client[Any]
    namespace: str = ""

    async def query(self, table: str, **arguments: Any) -> Answer:
        return await self.call("query", table=table, **arguments)

    async def write(self, action: str, table: str, **arguments: Any) -> Answer:
        return await self.call("write", action=action, table=table, **arguments)

    async def schema(self, **arguments: Any) -> Answer:
        return await self.call("schema", **arguments)

    async def call(self, tool: str, **arguments: Any) -> Answer:
        name = f"{self.namespace}_{tool}" if self.namespace else tool
        result = await self.client.call_tool(name, arguments, raise_on_error=False)
        words = "".join(getattr(part, "text", "") for part in result.content)
        return Answer(words if result.is_error else None, result.structured_content or {})

    async def read(self, uri: str) -> Any:
        """The JSON of a resource, which is named as if the server ran alone."""
        [content] = await self.client.read_resource(self._public(uri))
        assert isinstance(content, TextResourceContents)
        assert content.mime_type == "application/json"
        return json.loads(content.text)

    async def complete(self, template: str, argument: str, value: str, **given: str) -> list[str]:
        """What an argument of a template may be."""
        reference = ResourceTemplateReference(type="ref/resource", uri=self._public(template))
        found = await self.client.complete(reference, {"name": argument, "value": value}, given or None)
        return found.values

    def _public(self, uri: str) -> str:
        return uri.replace("://", f"://{self.namespace}/") if self.namespace else uri


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
