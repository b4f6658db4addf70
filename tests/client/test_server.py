"""One MCP server to call: both eras, three transports and this process; whatever fails has a name and an end."""

import time

import pytest
from fastmcp import FastMCP

from gateway.client import Server, text_of, value_of, wire
from gateway.errors import (
    GatewayError,
    InvalidRequest,
    UpstreamAnswered,
    UpstreamBroken,
    UpstreamDown,
    UpstreamError,
    UpstreamLost,
    UpstreamTimeout,
    UpstreamTooLarge,
)
from tests.upstreams.kit import Command, Running


@pytest.mark.parametrize(
    "kind", ["raw_modern", "raw_modern_json", "raw_legacy", "raw_sse_upstream", "fastmcp_upstream"]
)
async def test_a_tool_is_called_in_either_era(kind: str, request: pytest.FixtureRequest):
    upstream: Running = request.getfixturevalue(kind)
    async with Server(upstream.url) as server:
        assert server.version == ("2025-11-25" if kind in ("raw_legacy", "raw_sse_upstream") else "2026-07-28")
        assert {"echo", "add"} <= {tool.name for tool in await server.tools()}
        assert text_of(await server.call("echo", {"text": "hello"})) == "hello"
        assert value_of(await server.call("add", {"a": 1, "b": 2}))["sum"] == 3
        assert len(await server.resources()) >= 1
        assert len(await server.prompts()) >= 1
    assert server.version == ""


async def test_a_program_is_started_and_ended(fastmcp_command: Command):
    async with Server(["env", f"PYTHONPATH={fastmcp_command.env['PYTHONPATH']}", *_words(fastmcp_command)]) as server:
        assert text_of(await server.call("echo", {"text": "hello"})) == "hello"
    assert fastmcp_command.alive() == []


def _words(command: Command) -> list[str]:
    return [command.command, *command.args]


async def test_a_server_of_this_process():
    plain = FastMCP("plain")
    plain.tool(lambda: 42, name="answer")
    async with Server(plain) as server:
        assert value_of(await server.call("answer")) == 42
        assert await server.prompts() == []


async def test_a_tool_that_fails_raises_nothing(raw_modern: Running):
    async with Server(raw_modern.url) as server:
        assert (await server.call("fail", {"message": "no"})).is_error


async def test_an_error_of_the_servers_own_comes_as_it_is(raw_modern: Running):
    async with Server(raw_modern.url) as server:
        with pytest.raises(UpstreamAnswered, match="Unknown tool") as caught:
            await server.call("nope")
    assert caught.value.code == -32602


async def test_a_tool_that_asks_back_is_told(fastmcp_upstream: Running):
    async with Server(fastmcp_upstream.url) as server:
        with pytest.raises(UpstreamAnswered, match="asks its caller"):
            await server.call("ask_first", {"question": "CANARY"})


@pytest.mark.parametrize("kind", ["raw_modern", "raw_legacy"])
@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("html", UpstreamBroken),
        ("garbage", UpstreamBroken),
        ("server_error", UpstreamError),
        ("close_after", UpstreamLost),
        ("cut", UpstreamLost),
        ("compressed", UpstreamBroken),
        ("redirect", UpstreamBroken),
        ("huge", UpstreamTooLarge),
    ],
)
async def test_each_failure_has_its_name(
    kind: str, fault: str, error: type[GatewayError], request: pytest.FixtureRequest
):
    upstream: Running = request.getfixturevalue(kind)
    upstream.control(fault=fault, on="tools/call", location="http://127.0.0.1:9/")
    async with Server(upstream.url) as server:
        with pytest.raises(error, match=upstream.url) as caught:
            await server.call("echo", {"text": "CANARY"})
    assert type(caught.value) is error
    assert "CANARY" not in caught.value.message


async def test_an_answer_without_end_is_cut_off(raw_modern_json: Running, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(wire, "MOST_BYTES", 1_000_000)
    raw_modern_json.control(fault="huge", on="tools/call")
    async with Server(raw_modern_json.url) as server:
        with pytest.raises(UpstreamTooLarge):
            await server.call("echo", {"text": "a"})


async def test_a_call_ends_at_its_deadline_and_is_cancelled(raw_modern: Running):
    async with Server(raw_modern.url) as server:
        with pytest.raises(UpstreamTimeout, match=r"within 0\.2 s"):
            await server.call("slow", {"seconds": 30}, deadline=0.2)
        await raw_modern.wait_for("cancelled", "slow")


async def test_connecting_ends_at_its_deadline(raw_modern: Running):
    raw_modern.control(fault="hang")
    began = time.monotonic()
    with pytest.raises(UpstreamTimeout, match="connection"):
        await Server(raw_modern.url).open(deadline=0.2)
    assert time.monotonic() - began < 5


async def test_what_cannot_be_reached_or_started_is_down():
    for at in ("http://127.0.0.1:9/mcp", ["no-such-program"]):
        with pytest.raises(UpstreamDown):
            await Server(at).open()


async def test_a_program_that_is_no_server_is_lost():
    with pytest.raises(UpstreamLost):
        await Server(["true"]).open()


async def test_a_bearer_token_goes_to_the_server_and_into_no_error(raw_modern: Running):
    async with Server(raw_modern.url, bearer="CANARY") as server:
        await server.call("echo", {"text": "a"})
        raw_modern.control(fault="unauthorized")
        with pytest.raises(GatewayError) as caught:
            await server.call("echo", {"text": "a"})
    assert {entry["headers"]["authorization"] for entry in raw_modern.record()} == {"Bearer CANARY"}
    assert "CANARY" not in caught.value.message


def test_secrets_of_a_url_are_in_no_name():
    assert "CANARY" not in Server("http://ada:CANARY@127.0.0.1/mcp?key=CANARY").name


@pytest.mark.parametrize(
    "url", ["", "127.0.0.1:8000", "ftp://a/mcp", "http://", "http://a b/", "http://[", "http://a:0/"]
)
def test_what_is_no_url_is_told_before_anything_is_sent(url: str):
    with pytest.raises(InvalidRequest, match="Write it whole"):
        Server(url)


async def test_a_server_that_is_not_open_says_so():
    with pytest.raises(InvalidRequest, match="async with"):
        await Server("http://127.0.0.1:9/mcp").tools()
