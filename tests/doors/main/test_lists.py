"""The main door's lists: FastMCP's own, in our pages; filtered lists too."""

import pytest
from fastmcp import Client
from mcp.shared.exceptions import MCPError

from tests.contract.pairs import CLIENTS
from tests.doors.conftest import Watch
from tests.upstreams.running import Running

SMALL = "\n[server]\npage_size = 2"


@pytest.mark.parametrize("mode", CLIENTS.values())
async def test_a_client_that_follows_cursors_has_it_all(watch: Watch, raw_modern: Running, mode) -> None:
    async with watch(SMALL, raw=raw_modern) as watched, Client(watched.gateway, mode=mode) as client:
        tools = [tool.name for tool in await client.list_tools()]
        resources = [str(resource.uri) for resource in await client.list_resources()]
    assert tools == list(watched.gateway.runtime.catalog.routes["tool"])
    assert resources == list(watched.gateway.runtime.catalog.routes["resource"])


async def test_what_code_adds_to_the_gateway_is_on_the_pages_too(watch: Watch) -> None:
    async with watch(SMALL) as watched:

        @watched.gateway.tool
        def late() -> str:
            return "late"

        async with Client(watched.gateway) as client:
            assert "late" in {tool.name for tool in await client.list_tools()}


async def test_a_bad_cursor_is_refused_in_words(watch: Watch) -> None:
    async with watch(SMALL) as watched, Client(watched.gateway) as client:
        with pytest.raises(MCPError, match="List again from the start"):
            await client.list_tools_mcp(cursor="canary")
