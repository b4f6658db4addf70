"""Through the gateway with keys: reading needs `database:read`, writing `database:write`."""

from pathlib import Path

import pytest
from fastmcp import Client
from mcp import MCPError

from gateway.policy.keys import KeyStore
from tests.gateways.kit import over_http


async def test_reading_and_writing_need_a_scope_each(tmp_path: Path):
    keys = KeyStore(tmp_path / "var")
    reader, writer = (keys.create(name, [f"database:{name}"])[1] for name in ("read", "write"))
    text = f'[services.database]\nurl = "sqlite:///{tmp_path}/data.db"\n'
    removal = {"action": "delete", "table": "users", "where": {"id": 1}, "dry_run": True}
    async with over_http(tmp_path, text) as (_, url):
        async with Client(url, auth=reader) as client:
            tools = {tool.name for tool in await client.list_tools()}
            assert tools == {"database_query", "database_sql", "database_schema"}
            assert (await client.call_tool("database_query", {"table": "users"})).structured_content["row_count"] == 12
            with pytest.raises(MCPError, match="database:write"):
                await client.call_tool("database_write", removal)
        async with Client(url, auth=writer) as client:
            assert {tool.name for tool in await client.list_tools()} == {"database_write"}
            assert (await client.call_tool("database_write", removal)).structured_content["row_count"] == 1
            with pytest.raises(MCPError, match="database:read"):
                await client.call_tool("database_sql", {"sql": "SELECT 1"})
