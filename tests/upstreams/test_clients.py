"""Every upstream, as FastMCP's client finds it: in each era and over each transport that it offers."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import mcp_types
import pytest
from fastmcp import Client
from fastmcp.client.transports import StdioTransport
from fastmcp.exceptions import ToolError
from mcp.shared.exceptions import MCPError

from tests.upstreams.kit import Command, raw_stdio
from tests.upstreams.raw.definitions import BOOK, NOTES, NOTES_TEXT, PICTURE, PIXEL, TOOLS, UNLISTED, VENDOR


class Target(NamedTuple):
    """An upstream's fixture, how the client opens, and the era that must come of it.

    `streams`: whether progress and logs come on the answer's own stream, and so before it. `asks`: whether it can ask
    in the middle of a call.
    """

    fixture: str
    mode: str
    era: str
    streams: bool = True
    asks: bool = True


RAW = [
    Target("raw_modern", "auto", "modern"),
    Target("raw_modern_json", "auto", "modern", streams=False),
    Target("raw_legacy", "auto", "legacy"),
    Target("raw_legacy_json", "auto", "legacy", streams=False),
    Target("raw_sessionless", "auto", "legacy"),
    Target("raw_both", "auto", "modern"),
    Target("raw_both", "legacy", "legacy"),
    Target("raw_sse_upstream", "auto", "legacy"),
    Target("modern_command", "auto", "modern"),
    Target("legacy_era_command", "auto", "legacy"),
    Target("both_command", "auto", "modern"),
    Target("both_command", "legacy", "legacy"),
]

SDK = [
    Target("fastmcp_upstream", "auto", "modern"),
    Target("fastmcp_upstream", "legacy", "legacy"),
    Target("fastmcp_command", "auto", "modern"),
    Target("fastmcp_command", "legacy", "legacy"),
    Target("legacy_upstream", "auto", "legacy"),
    Target("legacy_stateless_upstream", "auto", "legacy", asks=False),
    Target("legacy_sse_upstream", "auto", "legacy"),
    Target("legacy_command", "auto", "legacy"),
]

Connect = Callable[..., Client]


def named(target: Target) -> str:
    return f"{target.fixture}-{target.mode}"


@pytest.fixture
def modern_command(tmp_path: Path) -> Command:
    return raw_stdio(tmp_path, era="modern")


@pytest.fixture
def legacy_era_command(tmp_path: Path) -> Command:
    return raw_stdio(tmp_path, era="legacy")


@pytest.fixture
def both_command(tmp_path: Path) -> Command:
    return raw_stdio(tmp_path, era="both")


@pytest.fixture
def connect(target: Target, request: pytest.FixtureRequest) -> Connect:
    """A client of the target, with whatever handlers a test gives."""
    upstream = request.getfixturevalue(target.fixture)

    def client(**handlers: Any) -> Client:
        if isinstance(upstream, Command):
            pipes = StdioTransport(upstream.command, list(upstream.args), env=upstream.env, keep_alive=False)
            return Client(pipes, mode=target.mode, **handlers)
        return Client(upstream.url, mode=target.mode, **handlers)

    return client


def text_of(result: Any) -> str:
    return result.content[0].text


@pytest.mark.parametrize("target", RAW, ids=named)
async def test_tools_are_listed_and_called(target: Target, connect: Connect) -> None:
    async with connect() as client:
        assert [tool.name for tool in await client.list_tools()] == [tool["name"] for tool in TOOLS]
        said = await client.call_tool("echo", {"text": "Grüß Gott"})
        assert text_of(said) == "Grüß Gott"
        assert said.meta[VENDOR] == "result echo"
        assert (await client.call_tool("add", {"a": 1, "b": 2})).structured_content == {"sum": 3, "terms": [1, 2]}
        assert (await client.call_tool("whoami")).structured_content["era"] == target.era
        assert (await client.call_tool("image")).content[0].data == PIXEL
        assert [each.type for each in (await client.call_tool("link")).content] == [
            "resource_link",
            "resource_link",
            "resource",
        ]


@pytest.mark.parametrize("target", RAW, ids=named)
async def test_both_kinds_of_failure_arrive(target: Target, connect: Connect) -> None:
    async with connect() as client:
        with pytest.raises(ToolError, match="no such thing"):
            await client.call_tool("fail", {"message": "no such thing"})
        with pytest.raises(MCPError, match="too bad") as failure:
            await client.call_tool("error", {"code": 1234, "message": "too bad"})
        assert failure.value.error.code == 1234
        assert failure.value.error.data == {"from": "raw", "nested": [1, {"two": None}]}


@pytest.mark.parametrize("target", RAW, ids=named)
async def test_resources_prompts_and_completions(target: Target, connect: Connect) -> None:
    async with connect() as client:
        assert [str(each.uri) for each in await client.list_resources()] == [NOTES, PICTURE, BOOK]
        read = [(await client.read_resource(uri))[0] for uri in (NOTES, BOOK, UNLISTED, "text://raw/items/7")]
        assert [each.text for each in read] == [NOTES_TEXT, "A book.", "Not on any list.", '{"id": "7"}']
        assert (await client.read_resource(PICTURE))[0].blob == PIXEL
        assert [each.uri_template for each in await client.list_resource_templates()] == ["text://raw/items/{id}"]
        assert [each.name for each in await client.list_prompts()] == ["greet", "plain"]
        greeting = await client.get_prompt("greet", {"name": "Ada", "style": "short"})
        assert greeting.messages[0].content.text == "Greet Ada in the short style."
        reference = mcp_types.PromptReference(type="ref/prompt", name="greet")
        assert (await client.complete(reference, {"name": "style", "value": "f"})).values == ["formal", "friendly"]


@pytest.mark.parametrize("target", [each for each in RAW if each.streams], ids=named)
async def test_progress_comes_in_order_before_the_result(target: Target, connect: Connect) -> None:
    heard: list[tuple[float, float | None, str | None]] = []

    async def progressed(progress: float, total: float | None, message: str | None) -> None:
        heard.append((progress, total, message))

    async with connect() as client:
        result = await client.call_tool("progress", {"steps": 3}, progress_handler=progressed)
    assert text_of(result) == "3 steps"
    assert heard == [(1, 3, "step 1"), (2, 3, "step 2"), (3, 3, "step 3")]


@pytest.mark.parametrize("target", [each for each in RAW if each.streams], ids=named)
async def test_a_log_message_arrives(target: Target, connect: Connect) -> None:
    heard: list[tuple[str, Any]] = []

    async def logged(message: Any) -> None:
        heard.append((message.level, message.data))

    async with connect(log_handler=logged) as client:
        await client.call_tool("log", {"level": "warning", "message": "look"})
    assert heard == [("warning", {"text": "look"})]


@pytest.mark.parametrize("target", RAW, ids=named)
async def test_the_user_is_asked(target: Target, connect: Connect) -> None:
    asked: list[str] = []

    async def answer(message: str, kind: Any, params: Any, context: Any) -> dict[str, str]:
        asked.append(message)
        return {"answer": "blue"}

    async with connect(elicitation_handler=answer) as client:
        result = await client.call_tool("ask", {"question": "Which colour?"})
    assert asked == ["Which colour?"]
    assert result.structured_content == {"action": "accept", "answer": "blue"}


@pytest.mark.parametrize("target", SDK, ids=named)
async def test_sdk_upstreams_speak_too(target: Target, connect: Connect) -> None:
    heard: list[float] = []

    async def progressed(progress: float, total: float | None, message: str | None) -> None:
        heard.append(progress)

    async def answer(message: str, kind: Any, params: Any, context: Any) -> dict[str, str]:
        return {"answer": "blue"} if "answer" in kind.__annotations__ else {"value": "blue"}

    async with connect(elicitation_handler=answer) as client:
        assert {"echo", "progress", "ask"} <= {tool.name for tool in await client.list_tools()}
        assert text_of(await client.call_tool("echo", {"text": "hello"})) == "hello"
        await client.call_tool("progress", {"steps": 2}, progress_handler=progressed)
        (notes,) = await client.list_resources()
        assert (await client.read_resource(notes.uri))[0].text.startswith("Notes of a ")
        assert [each.name for each in await client.list_prompts()] == ["greet"]
        with pytest.raises(ToolError, match="no such thing"):
            await client.call_tool("fail", {"message": "no such thing"})
        if target.asks:
            tool = "ask_first" if target.era == "modern" else "ask"
            assert text_of(await client.call_tool(tool, {"question": "Which colour?"})) == "accept: blue"
    assert heard == [1, 2]
