"""The server's own face: its one tool, and running alone."""

import asyncio
import sys
from pathlib import Path

import pytest
from fastmcp import Client
from fastmcp.client.transports import StdioTransport

from services.external.server import Settings, create_server

SERVER = Path(__file__).parents[3] / "services" / "external" / "server.py"


async def test_the_tool_says_what_it_takes_gives_and_touches():
    async with Client(create_server()) as client:
        [tool] = await client.list_tools()
    assert tool.name == "fetch"
    assert tool.description == (
        "Fetch a URL: its status, selected headers and body, as JSON, text, Markdown or an image."
    )
    assert set(tool.input_schema["properties"]) == {
        *("url", "method", "params", "headers", "json", "form", "markdown", "timeout"),
    }
    assert all("description" in field for field in tool.input_schema["properties"].values())
    assert all("description" in field for field in tool.output_schema["properties"].values())
    assert tool.annotations is not None
    assert tool.annotations.model_dump(exclude_none=True) == {
        "read_only_hint": True,
        "destructive_hint": False,
        "idempotent_hint": True,
        "open_world_hint": True,
    }


@pytest.mark.parametrize(
    ("methods", "read_only", "destructive", "idempotent"),
    [
        (["GET"], True, False, True),
        (["GET", "PUT"], False, True, True),
        (["GET", "POST"], False, True, False),
    ],
)
async def test_what_the_tool_is_said_to_do_follows_from_the_methods(methods, read_only, destructive, idempotent):
    async with Client(create_server(Settings(methods=methods))) as client:
        [tool] = await client.list_tools()
    assert tool.input_schema["properties"]["method"]["enum"] == methods
    hints = tool.annotations
    assert (hints.read_only_hint, hints.destructive_hint, hints.idempotent_hint) == (read_only, destructive, idempotent)


async def test_wrong_argument_types_are_an_error_result():
    async with Client(create_server()) as client:
        for arguments in ({}, {"url": 1}, {"url": "http://a.example", "method": "POST"}, {"url": "u", "timeout": 0}):
            result = await client.call_tool("fetch", arguments, raise_on_error=False)
            assert result.is_error


async def test_a_server_can_be_stopped_and_started_again(site):
    url = site.sends("/", b"x", content_type="text/plain")
    server = create_server(Settings(allow_private_hosts=(site.endpoint,)))
    for _ in range(2):
        async with Client(server) as client:
            assert (await client.call_tool("fetch", {"url": url})).structured_content["text"] == "x"


async def test_stopping_closes_the_kept_connections(site):
    url = site.sends("/", b"x", connection="keep-alive")
    site.held.add("/")
    async with Client(create_server(Settings(allow_private_hosts=(site.endpoint,)))) as client:
        await client.call_tool("fetch", {"url": url})
        assert not site.left.is_set()
    async with asyncio.timeout(2):
        await site.left.wait()


async def test_it_runs_alone_over_stdio(tmp_path):
    command = [sys.executable, "-m", "fastmcp.cli", "run", str(SERVER), "--no-banner"]
    async with Client(StdioTransport(command[0], command[1:], cwd=str(tmp_path))) as client:
        assert [tool.name for tool in await client.list_tools()] == ["fetch"]
        result = await client.call_tool("fetch", {"url": "http://127.0.0.1/"}, raise_on_error=False)
    assert result.is_error
    assert "not on the public internet" in result.content[0].text
