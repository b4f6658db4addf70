"""Clients in memory: who they call as, at a service alone and at a gateway."""

from pathlib import Path

import pytest
from fastmcp import FastMCP
from fastmcp.server.dependencies import get_access_token
from mcp.shared.exceptions import MCPError

from gateway.errors import Forbidden
from gateway.testing.client import client_of
from gateway.testing.gateways import open_gateway
from tests.gateways.service import server as own

OWN = '[services.own]\nmodule = "tests.gateways.service:server"\n'


@pytest.fixture
def telling() -> FastMCP:
    """A service whose tool tells who calls it."""
    server = FastMCP("telling")

    @server.tool
    def caller() -> list[str]:
        token = get_access_token()
        return [token.client_id, *sorted(token.scopes)] if token else []

    return server


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_a_services_code_finds_who_calls(telling: FastMCP, mode: str) -> None:
    async with (
        client_of(telling, subject="ada", scopes={"telling:read"}, mode=mode) as ada,
        client_of(telling, subject="bob", mode=mode) as bob,
    ):
        assert (await ada.call_tool("caller")).data == ["ada", "telling:read"]
        assert (await bob.call_tool("caller")).data == ["bob", "*"]


async def test_without_a_subject_nobody_is_named(telling: FastMCP) -> None:
    async with client_of(telling) as client:
        assert (await client.call_tool("caller")).data == []
    assert get_access_token() is None


async def test_a_gateway_shows_and_admits_what_the_scopes_allow(tmp_path: Path) -> None:
    async with open_gateway(tmp_path, OWN) as gateway:
        async with client_of(gateway, subject="ada", scopes={"own_shout"}) as ada:
            assert [tool.name for tool in await ada.list_tools()] == ["own_shout"]
            assert (await ada.call_tool("own_shout", {"text": "hello"})).data == "HELLO"
            with pytest.raises(MCPError) as refusal:
                await ada.call_tool("own_shout_twice", {"text": "hello"})
        assert refusal.value.error.code == Forbidden.code
        async with client_of(gateway) as anyone:
            assert (await anyone.call_tool("own_shout_twice", {"text": "hello"})).data == "HELLO HELLO"


def test_scopes_belong_to_somebody() -> None:
    with pytest.raises(ValueError, match="name a subject"):
        client_of(own, scopes={"own:read"})
