"""The server's own face: its tools, and running alone."""

import asyncio
import sys
from pathlib import Path

from fastmcp import Client
from fastmcp.client.transports import StdioTransport

from services.database.server import Settings, create_server
from tests.services.database.kit import Tools, connected

SERVER = Path(__file__).parents[3] / "services" / "database" / "server.py"


async def test_the_tools_say_what_they_take_give_and_touch():
    async with Client(create_server()) as client:
        tools = {tool.name: tool for tool in await client.list_tools()}
    assert set(tools) == {"query", "write", "sql", "schema"}
    for tool in tools.values():
        assert tool.description
        assert all("description" in field for field in tool.input_schema["properties"].values())
        assert tool.output_schema is not None
    assert tools["write"].annotations.model_dump(exclude_none=True) == {
        "read_only_hint": False,
        "destructive_hint": True,
        "idempotent_hint": False,
        "open_world_hint": False,
    }
    for name in ("query", "sql", "schema"):
        assert tools[name].annotations.model_dump(exclude_none=True) == {
            "read_only_hint": True,
            "destructive_hint": False,
            "idempotent_hint": True,
            "open_world_hint": False,
        }


async def test_wrong_argument_types_are_an_error_result(sqlite_url):
    async with Client(create_server(Settings(url=sqlite_url))) as client:
        for arguments in (
            {},
            {"table": 7},
            {"table": "users", "limit": 0},
            {"table": "users", "cursor": 1},
            {"table": "users", "where": "id = 1"},
            {"table": "users", "offset": 3},
        ):
            assert (await Tools(client).call("query", **arguments)).error
        assert (await Tools(client).call("write", action="drop", table="users")).error


async def test_listing_the_tools_touches_no_database(tmp_path):
    async with Client(create_server(Settings(url=f"sqlite:///{tmp_path}/a/b.db"))) as client:
        await client.list_tools()
    assert list(tmp_path.iterdir()) == []


async def test_a_server_can_be_stopped_and_started_again(url):
    server = create_server(Settings(url=url, seed=True))
    for _ in range(2):
        async with Client(server) as client:
            assert len((await Tools(client).query("users")).rows) == 12


async def test_stopping_closes_the_connections(postgresql_url):
    async with Client(create_server(Settings(url=postgresql_url))) as client:
        await client.call_tool("schema")
        mine = await connected(postgresql_url)
    assert mine
    async with asyncio.timeout(5):
        while set(mine) & set(await connected(postgresql_url)):
            pass


async def test_two_processes_run_alone_over_stdio_on_one_new_database(tmp_path):
    def started() -> Client:
        command = ["-m", "fastmcp.cli", "run", str(SERVER), "--no-banner"]
        return Client(StdioTransport(sys.executable, command, cwd=str(tmp_path)))

    async with started() as one, started() as other:
        answers = await asyncio.gather(*(Tools(client).query("users") for client in (one, other)))
    assert [len(answer.rows) for answer in answers] == [12, 12]
    assert (tmp_path / "var" / "gateway.db").exists()
