"""A modern upstream over HTTP: each request whole in itself, and nothing kept between two."""

import asyncio
import contextlib
from typing import Any

import orjson
import pytest

from gateway.errors import UpstreamAnswered, UpstreamBroken, UpstreamLost
from gateway.upstream.listener import SILENT, Listener
from gateway.upstream.modern import ModernSession, modern_params
from gateway.upstream.session import MODERN
from tests.upstream.fronts import Ear, text_of
from tests.upstream.peer import ASKED, answer, peer
from tests.upstreams.kit import Running
from tests.upstreams.raw.definitions import UNLISTED

JSON = "Content-Type: application/json"


def call(session: ModernSession, tool: str, listener: Listener = SILENT, **arguments: Any) -> Any:
    return session.request("tools/call", {"name": tool, "arguments": arguments}, listener, {})


@pytest.fixture
def session(raw_modern: Running, wire) -> ModernSession:
    return ModernSession(wire(raw_modern.url))


async def test_a_request_carries_all_that_it_needs(session, raw_modern):
    ear = Ear(capabilities={"elicitation": {}}, log_level="warning", progress=True)
    params = {"name": "whoami", "arguments": {}, "_meta": {"com.example/x": 1}}
    result = await session.request("tools/call", params, ear.listener, {"Mcp-Param-Region": "eu"})
    (asked,) = raw_modern.record()
    assert asked["body"] == {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "tools/call",
        "params": {
            "name": "whoami",
            "arguments": {},
            "_meta": {
                "com.example/x": 1,
                "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                "io.modelcontextprotocol/clientInfo": {"name": "one-url-gateway", "version": "0.1.0"},
                "io.modelcontextprotocol/clientCapabilities": {"elicitation": {}},
                "io.modelcontextprotocol/logLevel": "warning",
                "progressToken": 1,
            },
        },
    }
    sent = {
        name: asked["headers"][name] for name in ("mcp-protocol-version", "mcp-method", "mcp-name", "mcp-param-region")
    }
    assert list(sent.values()) == ["2026-07-28", "tools/call", "whoami", "eu"]
    assert result["structuredContent"]["era"] == "modern"
    assert params["_meta"] == {"com.example/x": 1}


def test_only_what_a_listener_wants_is_asked_for():
    meta = modern_params({}, SILENT, 7)["_meta"]
    assert "progressToken" not in meta
    assert "io.modelcontextprotocol/logLevel" not in meta


@pytest.mark.parametrize(
    ("method", "params", "name"),
    [
        ("tools/call", {"name": "echo"}, "echo"),
        ("prompts/get", {"name": "greet"}, "greet"),
        ("resources/read", {"uri": "text://x"}, "text://x"),
        ("tools/call", {"name": "grüß"}, "=?base64?Z3LDvMOf?="),
        ("tools/call", {"name": 5}, None),
        ("tools/list", {"name": "echo"}, None),
    ],
)
async def test_headers_mirror_the_body(session, raw_modern, method, params, name):
    with contextlib.suppress(UpstreamAnswered):  # it refuses some of these, which is no matter here
        await session.request(method, params, SILENT, {})
    (asked,) = raw_modern.record()
    assert asked["headers"].get("mcp-name") == name
    assert asked["headers"]["mcp-protocol-version"] == "2026-07-28"
    assert asked["headers"]["mcp-method"] == method


async def test_ids_are_never_used_twice(session, raw_modern):
    await asyncio.gather(*(call(session, "echo", text="x") for _ in range(5)))
    assert len({asked["body"]["id"] for asked in raw_modern.record()}) == 5


async def test_progress_and_logs_come_in_order_before_the_result(session):
    ear = Ear(progress=True, log_level="info")
    assert text_of(await call(session, "progress", ear.listener, steps=3)) == "3 steps"
    assert ear.steps == [1, 2, 3]
    await call(session, "log", ear.listener, level="error", message="look")
    assert ear.logged == [("error", {"text": "look"})]


async def test_an_error_of_the_upstream_is_kept_whole(session):
    with pytest.raises(UpstreamAnswered) as failure:
        await call(session, "error", code=1234, message="too bad")
    assert (failure.value.code, failure.value.message) == (1234, "too bad")
    assert failure.value.data == {"from": "raw", "nested": [1, {"two": None}]}


async def test_a_name_that_no_header_carries_as_it_is(session):
    result = await session.request("resources/read", {"uri": UNLISTED}, SILENT, {})
    assert result["contents"][0]["text"] == "Not on any list."
    with pytest.raises(UpstreamAnswered) as failure:
        await session.request("resources/read", {"uri": "text://raw/grüße \n"}, SILENT, {})
    assert failure.value.code == -32602


async def test_leaving_cancels_the_call_upstream(session, raw_modern):
    task = asyncio.create_task(call(session, "slow", seconds=30))
    await raw_modern.wait_for("started", "slow")
    task.cancel()
    (ended,) = await raw_modern.wait_for("cancelled", "slow", deadline=1.0)
    assert ended["by"] == "stream"


async def test_what_it_says_of_itself(session):
    facts = await session.describe()
    assert facts.info["name"] == "raw"
    assert facts.instructions == "Instructions of raw."
    assert set(facts.capabilities) == {"tools", "resources", "prompts", "logging", "completions"}
    assert session.facts is facts
    assert repr(session) == "<ModernSession raw>"


async def test_a_legacy_upstream_is_told_from_a_modern_one(raw_legacy, raw_sessionless, wire):
    for legacy in (raw_legacy, raw_sessionless):
        with pytest.raises(UpstreamBroken):
            await ModernSession(wire(legacy.url)).describe()


def replying(message: dict[str, Any], status: str = "200 OK") -> bytes:
    return answer(orjson.dumps({"jsonrpc": "2.0", **message}), JSON, status=status)


@pytest.mark.parametrize(
    "answered",
    [
        {"result": {"capabilities": {}, "supportedVersions": ["2025-11-25"]}},
        {"result": {"capabilities": {}}},
        {"result": {"supportedVersions": "2026-07-28"}},
        {"error": {"code": -32601, "message": "Method not found"}},
        {"error": {"code": -32022, "message": "Unsupported", "data": {"supported": ["2025-11-25", 5]}}},
        {"error": {"code": -32022, "message": "Unsupported", "data": "?"}},
    ],
)
async def test_what_is_no_modern_server(wire, answered):
    async with peer([ASKED, replying({"id": 1, **answered})]) as other:
        with pytest.raises(UpstreamBroken) as failure:
            await ModernSession(wire(other.url)).describe()
    assert failure.value.message == (
        "Upstream 'raw' does not speak 2026-07-28. Leave era out of its configuration, or set it to \"legacy\"."
    )


@pytest.mark.parametrize("code", [-32020, -32021, -32022])
async def test_a_modern_server_that_will_not_have_us_says_so_itself(wire, code):
    error = {"code": code, "message": "no", "data": {"supported": ["2027-01-01"]}}
    async with peer([ASKED, replying({"id": 1, "error": error}, "400 Bad Request")]) as other:
        with pytest.raises(UpstreamAnswered) as failure:
            await ModernSession(wire(other.url)).describe()
    assert failure.value.code == code


async def test_a_refusal_that_names_our_own_version_is_worth_one_more_try(wire):
    error = {"code": -32022, "message": "Unsupported", "data": {"supported": [MODERN]}}
    found = {"supportedVersions": [MODERN], "capabilities": {"tools": {}}}
    refused = replying({"id": 1, "error": error}, "400 Bad Request")
    async with peer([ASKED, refused, ASKED, replying({"id": 2, "result": found})]) as other:
        assert (await ModernSession(wire(other.url)).describe()).capabilities == {"tools": {}}


async def test_facts_of_odd_shapes_are_left_out(wire):
    odd = {"supportedVersions": ["2026-07-28"], "capabilities": [], "instructions": 5, "_meta": "x"}
    async with peer([ASKED, replying({"id": 1, "result": odd})]) as other:
        facts = await ModernSession(wire(other.url)).describe()
    assert (facts.capabilities, facts.instructions, facts.info) == ({}, "", {})


async def test_an_error_without_an_id_is_ours_if_a_modern_server_means_our_headers(wire):
    error = {"code": -32020, "message": "Header mismatch"}
    async with peer([ASKED, replying({"id": None, "error": error}, "400 Bad Request")]) as other:
        with pytest.raises(UpstreamAnswered, match="Header mismatch"):
            await call(ModernSession(wire(other.url)), "echo")


async def test_an_error_without_an_id_that_a_legacy_server_gives(wire):
    error = {"code": -32600, "message": "Mcp-Session-Id is missing"}
    async with peer([ASKED, replying({"id": None, "error": error}, "400 Bad Request")]) as other:
        with pytest.raises(UpstreamBroken) as failure:
            await call(ModernSession(wire(other.url)), "echo")
    assert failure.value.reason == "refused a modern request unread (error -32600). Nothing ran."


@pytest.mark.parametrize(
    ("message", "kind", "said"),
    [
        ({"id": 2, "result": {}}, UpstreamBroken, "answered another request than ours. "),
        ({"id": "1", "result": {}}, UpstreamBroken, "answered another request than ours. "),
        ({"id": None, "error": {"code": 1}}, UpstreamBroken, "answered another request than ours. "),
        ({"method": "notifications/message"}, UpstreamLost, "ended its answer without a result. "),
        ({"id": 9, "method": "elicitation/create"}, UpstreamLost, "ended its answer without a result. "),
    ],
)
async def test_an_answer_that_is_not_ours(wire, message, kind, said):
    async with peer([ASKED, replying(message)]) as other:
        with pytest.raises(kind) as failure:
            await call(ModernSession(wire(other.url)), "echo")
    assert failure.value.reason == said + "It is not known whether the call ran."
