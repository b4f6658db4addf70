"""The main door lets a principal see and call what its scopes allow, whichever way the call came about."""

from collections.abc import Generator
from contextlib import contextmanager

import pytest
from fastmcp import Client
from fastmcp.exceptions import ToolError
from fastmcp.server.auth import AccessToken
from fastmcp.server.transforms.search import BM25SearchTransform
from mcp.server.auth.middleware.auth_context import auth_context_var
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.shared.exceptions import MCPError

from gateway.model.principal import Principal
from gateway.policy.proof import prove
from tests.doors.conftest import Watch
from tests.upstreams.running import Running

FORBIDDEN = 40300


@contextmanager
def holding(*scopes: str) -> Generator[None]:
    """Whoever calls in this block, in memory, is a key that has these scopes and no other."""
    principal = Principal("key:tester", frozenset(scopes), "key")
    access = prove(AccessToken(token="key:tester", client_id="key:tester", scopes=[]), principal)
    token = auth_context_var.set(AuthenticatedUser(access))
    try:
        yield
    finally:
        auth_context_var.reset(token)


async def test_a_call_without_its_scope_is_refused_with_the_scopes_that_would_do(
    watch: Watch, raw_modern: Running
) -> None:
    with holding("raw:read"):
        async with watch(raw=raw_modern) as watched, Client(watched.gateway) as client:
            assert (await client.call_tool("raw_echo", {"text": "hello"})).content[0].text == "hello"
            for call in (
                client.call_tool("raw_slow", {"seconds": 0}),
                client.call_tool("own_shout", {"text": "hello"}),
                client.read_resource("text://own/notes"),
                client.read_resource("config://server"),
                client.get_prompt("own_greet", {"name": "Ada"}),
            ):
                with pytest.raises(MCPError) as refusal:
                    await call
                assert refusal.value.error.code == FORBIDDEN
                assert refusal.value.error.data["required_scopes"][-1] == "*"
    assert raw_modern.record()[-1]["name"] == "echo"
    assert [outcome for _, outcome in watched.calls] == ["ok"] + ["refused"] * 5
    assert {event.subject for event in watched.events} == {"key:tester"}


async def test_lists_show_what_may_be_called(watch: Watch, raw_modern: Running) -> None:
    with holding("raw:read", "own_greet"):
        async with watch(raw=raw_modern) as watched, Client(watched.gateway) as client:
            tools = {tool.name for tool in await client.list_tools()}
            resources = {str(resource.uri).split("/")[2] for resource in await client.list_resources()}
            templates = {template.uri_template.split("/")[2] for template in await client.list_resource_templates()}
            prompts = {prompt.name for prompt in await client.list_prompts()}
    assert tools == {"raw_echo", "raw_add", "raw_whoami"}
    assert resources == templates == {"raw"}
    assert prompts == {"raw_greet", "raw_plain", "own_greet"}


async def test_a_tool_put_on_the_gateway_itself_needs_a_scope_too(watch: Watch) -> None:
    async with watch() as watched:

        @watched.gateway.tool
        def everything() -> str:
            return "gone"

        with holding("own:*"):
            async with Client(watched.gateway) as client:
                assert "everything" not in {tool.name for tool in await client.list_tools()}
                with pytest.raises(MCPError, match="everything, gateway:write"):
                    await client.call_tool("everything")
        with holding("everything"):
            async with Client(watched.gateway) as client:
                assert [tool.name for tool in await client.list_tools()] == ["everything"]
                assert (await client.call_tool("everything")).data == "gone"
    assert watched.calls == [("everything", "refused"), ("everything", "ok")]


async def test_an_inner_call_is_made_for_whoever_made_the_outer_one(watch: Watch, raw_modern: Running) -> None:
    async with watch(raw=raw_modern) as watched:
        watched.gateway.add_transform(BM25SearchTransform())
        with holding("search_tools", "call_tool", "raw:read"):
            async with Client(watched.gateway) as client:
                found = await client.call_tool("search_tools", {"query": "slow text"})
                assert "raw_slow" not in str(found.content)
                said = await client.call_tool("call_tool", {"name": "raw_echo", "arguments": {"text": "hello"}})
                assert said.content[0].text == "hello"
                with pytest.raises(ToolError):
                    await client.call_tool("call_tool", {"name": "raw_slow", "arguments": {"seconds": 0}})
    assert "slow" not in {entry["name"] for entry in raw_modern.record()}


async def test_another_version_of_a_tool_than_the_listed_one_counts_as_one_that_writes(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which FastMCP runs where a client names it. The catalog knows the newest alone, and whether that reads only."""
    async with watch() as watched:
        server = watched.gateway.runtime.generation.services["own"].server
        kept = server.local_provider
        monkeypatch.setattr(kept, "_components", dict(kept._components))  # other tests have the same service

        @server.tool(name="wipe", version="1.0")
        def wipe() -> str:
            return "wiped"

        @server.tool(name="wipe", version="2.0", annotations={"readOnlyHint": True})
        def look() -> str:
            return "looked"

        async with Client(watched.gateway) as client:
            with holding("own:read"):
                assert (await client.call_tool("own_wipe")).data == "looked"
                with pytest.raises(MCPError) as refusal:
                    await client.call_tool("own_wipe", version="1.0")
                assert refusal.value.error.code == FORBIDDEN
            with holding("own:write"):
                assert (await client.call_tool("own_wipe", version="1.0")).data == "wiped"


@pytest.mark.parametrize("uri", ["text://own/items/", "text://raw/", "text://nobody/"])
async def test_a_uri_that_is_longer_than_any_leads_nowhere(watch: Watch, raw_modern: Running, uri: str) -> None:
    """It would be kept by all who count and write calls down, whoever sends it."""
    async with watch(raw=raw_modern) as watched, Client(watched.gateway) as client:
        with pytest.raises(MCPError, match="may have 8,192 characters") as refusal:
            await client.read_resource(uri + "a" * 8192)
        assert len(refusal.value.error.message) < 100
    assert watched.calls == []
