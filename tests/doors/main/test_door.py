"""The main door: every call finds its route, passes the guard exactly once, and fails in words."""

import asyncio
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from fastmcp import Client, Context
from fastmcp.exceptions import ToolError
from fastmcp.server.transforms.search import BM25SearchTransform, RegexSearchTransform
from mcp.shared.exceptions import MCPError
from pydantic import BaseModel, Field

from tests.contract.pairs import CLIENTS
from tests.doors.conftest import Watch
from tests.gateways.kit import configuration, in_memory
from tests.upstreams.running import Running

INVALID_PARAMS = -32602

each_client = pytest.mark.parametrize("mode", CLIENTS.values())


# one guard


@each_client
async def test_a_call_of_anything_passes_the_guard_exactly_once(watch: Watch, raw_modern: Running, mode: Any) -> None:
    async with watch(raw=raw_modern) as watched, Client(watched.gateway, mode=mode) as client:
        await client.call_tool("raw_echo", {"text": "hello"})
        await client.call_tool("own_shout", {"text": "hello"})
        await client.read_resource("text://raw/raw/notes")
        await client.read_resource("text://raw/raw/items/7")
        await client.read_resource("text://own/notes")
        await client.read_resource("text://own/items/7")
        await client.read_resource("status://system")
        await client.get_prompt("raw_greet", {"name": "Ada"})
        await client.get_prompt("own_greet", {"name": "Ada"})
    assert watched.calls == [
        ("raw_echo", "ok"),
        ("own_shout", "ok"),
        ("text://raw/raw/notes", "ok"),
        ("text://raw/raw/items/7", "ok"),
        ("text://own/notes", "ok"),
        ("text://own/items/7", "ok"),
        ("status://system", "ok"),
        ("raw_greet", "ok"),
        ("own_greet", "ok"),
    ]
    owners = {(event.namespace, event.owner) for event in watched.events}
    assert owners == {("raw", "upstream"), ("own", "service"), ("gateway", "service")}
    assert {event.era for event in watched.events} == {"modern" if mode == "auto" else "legacy"}


async def test_lists_pass_no_guard(watch: Watch, raw_modern: Running) -> None:
    async with watch(raw=raw_modern) as watched, Client(watched.gateway) as client:
        await client.list_tools()
        await client.list_resources()
        await client.list_resource_templates()
        await client.list_prompts()
    assert watched.events == []


async def test_what_a_service_calls_within_itself_is_part_of_its_call(watch: Watch) -> None:
    async with watch() as watched, Client(watched.gateway) as client:
        said = await client.call_tool("own_shout_twice", {"text": "hello"})
    assert said.data == "HELLO HELLO"
    assert watched.calls == [("own_shout_twice", "ok")]


async def test_a_call_from_a_tool_of_the_gateways_own_passes_the_guard(watch: Watch, raw_modern: Running) -> None:
    async with watch(raw=raw_modern) as watched:

        @watched.gateway.tool
        async def workflow(ctx: Context) -> str:
            said: Any = await ctx.fastmcp.call_tool("raw_echo", {"text": "hello"})
            notes: Any = await ctx.fastmcp.read_resource("text://raw/raw/notes")
            return f"{said.content[0].text}, {len(notes.contents)} note"

        async with Client(watched.gateway) as client:
            assert (await client.call_tool("workflow")).data == "hello, 1 note"
    assert watched.calls == [("raw_echo", "ok"), ("text://raw/raw/notes", "ok"), ("workflow", "ok")]


@pytest.mark.parametrize(
    ("transform", "found"),
    [(BM25SearchTransform, {"query": "returns the text"}), (RegexSearchTransform, {"pattern": "raw_echo"})],
)
async def test_a_call_through_a_search_transform_passes_the_guard(
    watch: Watch, raw_modern: Running, transform: Any, found: dict[str, str]
) -> None:
    async with watch(raw=raw_modern) as watched:
        watched.gateway.add_transform(transform())
        async with Client(watched.gateway) as client:
            assert {tool.name for tool in await client.list_tools()} == {"search_tools", "call_tool"}
            assert "raw_echo" in str((await client.call_tool("search_tools", found)).content)
            said = await client.call_tool("call_tool", {"name": "raw_echo", "arguments": {"text": "hello"}})
            shouted = await client.call_tool("call_tool", {"name": "own_shout", "arguments": {"text": "hello"}})
    assert (said.content[0].text, shouted.content[0].text) == ("hello", "HELLO")
    inner = [name for name, _ in watched.calls if name not in ("search_tools", "call_tool")]
    assert inner == ["raw_echo", "own_shout"]


async def test_a_call_that_skips_fastmcps_middleware_passes_the_guard_all_the_same(
    watch: Watch, raw_modern: Running
) -> None:
    async with watch(raw=raw_modern) as watched:

        @watched.gateway.tool
        async def shortcut(ctx: Context) -> str:
            said: Any = await ctx.fastmcp.call_tool("raw_echo", {"text": "hello"}, run_middleware=False)
            return said.content[0].text

        async with Client(watched.gateway) as client:
            assert (await client.call_tool("shortcut")).data == "hello"
    assert watched.calls == [("raw_echo", "ok"), ("shortcut", "ok")]


async def test_a_tool_that_an_apps_page_calls_by_its_hash_passes_the_guard_under_its_name(watch: Watch) -> None:
    async with watch() as watched, Client(watched.gateway) as client:
        service = watched.gateway.runtime.services["own"]

        @service.tool(meta={"fastmcp": {"tool_hash": "0123456789ab"}, "ui": {"visibility": ["app"]}})
        def behind_a_button() -> str:
            return "pressed"

        try:
            assert (await client.call_tool("0123456789ab_behind_a_button")).data == "pressed"
        finally:
            service.local_provider.remove_tool("behind_a_button")
    assert watched.calls == [("own_behind_a_button", "ok")]


async def test_a_template_put_on_the_gateway_itself_is_read_through_the_guard(watch: Watch) -> None:
    async with watch() as watched:

        @watched.gateway.resource("memo://{day}")
        def memo(day: str) -> str:
            return f"Memo of {day}."

        async with Client(watched.gateway) as client:
            (contents,) = await client.read_resource("memo://monday")
            with pytest.raises(MCPError, match="Unknown resource"):
                await client.read_resource("memos://monday")
    assert getattr(contents, "text", "") == "Memo of monday."
    assert watched.calls == [("memo://monday", "ok")]


# how calls end


@each_client
async def test_outcomes_say_how_a_call_ended(watch: Watch, raw_modern: Running, mode: Any) -> None:
    async with watch(raw=raw_modern) as watched, Client(watched.gateway, mode=mode) as client:
        await client.call_tool("raw_fail", {"message": "no such thing"}, raise_on_error=False)
        await client.call_tool("own_crash", raise_on_error=False)
        with pytest.raises(MCPError):
            await client.call_tool("raw_error", {"code": 1234, "message": "too bad"})
        call = asyncio.create_task(client.call_tool("raw_slow", {"seconds": 30}))
        await raw_modern.wait_for("started", "slow")
        call.cancel()
        await raw_modern.wait_for("cancelled", "slow")
    endings = {(event.name, event.outcome, event.error) for event in watched.events}
    assert endings == {
        ("raw_fail", "tool_error", ""),
        ("own_crash", "tool_error", ""),
        ("raw_error", "error", "upstream_error"),
        ("raw_slow", "cancelled", ""),
    }


async def test_nobody_hears_what_went_wrong_inside_a_service(watch: Watch) -> None:
    async with watch() as watched, Client(watched.gateway) as client:
        with pytest.raises(ToolError) as failure:
            await client.call_tool("own_crash")
    assert "inside" not in str(failure.value)


# names


@pytest.mark.parametrize(
    "name", ["nothing", "nobody_echo", "own_nothing", "raw_nothing", "0123456789ab_shout", "x" * 500]
)
async def test_an_unknown_name_is_told_short_and_is_no_call_of_anything(
    watch: Watch, raw_modern: Running, name: str
) -> None:
    async with watch(raw=raw_modern) as watched, Client(watched.gateway) as client:
        with pytest.raises(MCPError, match=r"Unknown tool '.{0,80}'\. List the tools") as refusal:
            await client.call_tool(name)
        with pytest.raises(MCPError, match=r"Unknown prompt '.{0,80}'\. List the prompts"):
            await client.get_prompt(name)
    assert refusal.value.error.code == INVALID_PARAMS
    assert refusal.value.error.data == {"kind": "unknown_name"}
    assert watched.events == []


async def test_control_characters_of_an_unknown_name_are_left_out(watch: Watch) -> None:
    async with watch() as watched, Client(watched.gateway) as client:
        with pytest.raises(MCPError, match=r"Unknown tool 'a\[31mb'"):
            await client.call_tool("a\x1b[31m\r\nb\u202e")


async def test_a_tool_that_a_service_got_later_is_called_and_listed(watch: Watch) -> None:
    async with watch() as watched, Client(watched.gateway) as client:
        service = watched.gateway.runtime.services["own"]

        @service.tool
        def later() -> str:
            return "late"

        try:
            assert "own_later" in {tool.name for tool in await client.list_tools()}
            assert (await client.call_tool("own_later")).data == "late"
        finally:
            service.local_provider.remove_tool("later")
        with pytest.raises(MCPError, match="Unknown tool"):
            await client.call_tool("own_later")
    assert watched.calls == [("own_later", "ok")]


# arguments


class Circle(BaseModel):
    kind: Literal["circle"]
    radius: float


class Square(BaseModel):
    kind: Literal["square"]
    side: float


async def test_wrong_arguments_of_a_service_are_named_and_their_values_are_not_told(watch: Watch) -> None:
    async with watch() as watched:

        @watched.gateway.tool
        def draw(shape: Annotated[Circle | Square, Field(discriminator="kind")], times: int = 1) -> str:
            return "drawn"

        async with Client(watched.gateway) as client:
            with pytest.raises(ToolError) as typed:
                await client.call_tool("own_shout", {"text": ["canary"], "times": "canary", "canary\r\n": "canary"})
            with pytest.raises(ToolError) as tagged:
                await client.call_tool("draw", {"shape": {"kind": "canary"}})
    told = str(typed.value).replace("canary: ", "", 1)  # the name of the argument, which must be told
    assert "canary" not in told
    assert "canary" not in str(tagged.value)
    assert "text: Input should be a valid string; times: Input should be a valid integer" in told
    assert "\r" not in told


@each_client
async def test_arguments_reach_an_upstream_as_they_are(watch: Watch, raw_modern: Running, mode: Any) -> None:
    arguments = {"text": "hello", "nothing": None, "deep": {"none": None, "list": [None, 1, 1.5, ""]}, "": {}}
    async with watch(raw=raw_modern) as watched, Client(watched.gateway, mode=mode) as client:
        await client.call_tool("raw_echo", arguments)
    (sent,) = [entry for entry in raw_modern.record() if entry["rpc"] == "tools/call"]
    assert sent["body"]["params"]["arguments"] == arguments


@each_client
async def test_numbers_that_json_libraries_cannot_carry_are_refused_in_words(
    watch: Watch, raw_modern: Running, mode: Any
) -> None:
    async with watch(raw=raw_modern) as watched, Client(watched.gateway, mode=mode) as client:
        with pytest.raises(MCPError) as refusal:
            await client.call_tool("raw_echo", {"text": "hello", "number": 2**70})
        assert (await client.call_tool("raw_echo", {"text": "hello"})).content[0].text == "hello"
    assert refusal.value.error.code == INVALID_PARAMS


# request ids


@each_client
async def test_each_call_in_memory_has_an_id_of_its_own(watch: Watch, raw_modern: Running, mode: Any) -> None:
    async with watch(raw=raw_modern) as watched, Client(watched.gateway, mode=mode) as client:
        for _ in range(2):
            await client.call_tool("raw_echo", {"text": "hello"})
            await client.call_tool("own_shout", {"text": "hello"})
    ids = [event.request_id for event in watched.events]
    assert len(set(ids)) == 4
    assert all(len(id) == 16 for id in ids)


async def test_an_inner_call_has_the_id_of_the_outer_one(watch: Watch, raw_modern: Running) -> None:
    async with watch(raw=raw_modern) as watched:
        watched.gateway.add_transform(BM25SearchTransform())
        async with Client(watched.gateway) as client:
            await client.call_tool("call_tool", {"name": "raw_echo", "arguments": {"text": "hello"}})
    assert {event.name for event in watched.events} == {"raw_echo", "call_tool"}
    assert len({event.request_id for event in watched.events}) == 1


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("", r"^Upstream 'away' was never heard, since 20.* cannot be reached"),
        ("enabled = false", r"^Upstream 'away' is off: enabled = false\.$"),
    ],
)
async def test_a_tool_of_an_upstream_that_nobody_knows_yet_says_what_is_wrong(more: str, said: str, tmp_path: Path):
    text = configuration({"away": "http://127.0.0.1:9/mcp"}, more)
    async with in_memory(tmp_path, text) as gateway, Client(gateway) as client:
        with pytest.raises(MCPError, match=said) as failure:
            await client.call_tool("away_echo", {"text": "a"})
    assert failure.value.error.data["kind"] == "upstream_down"
