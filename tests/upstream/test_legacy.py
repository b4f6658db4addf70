"""A legacy upstream over Streamable HTTP: handshake, session, questions in mid-call, cancellation, farewell."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import anyio
import orjson
import pytest

from gateway.errors import SessionLost, UpstreamAnswered, UpstreamBroken, UpstreamLost
from gateway.upstream import legacy
from gateway.upstream.legacy import LegacySession, initialized, legacy_params
from gateway.upstream.listener import SILENT, Listener
from tests.upstream.fronts import Ear, text_of
from tests.upstream.peer import ASKED, LEFT, RESET, Script, answer, chunked, peer, until
from tests.upstreams.kit import Running

JSON = "Content-Type: application/json"
TAKEN = answer(b"", status="202 Accepted")
QUESTION = {"question": "Which colour?"}


def call(session: LegacySession, tool: str, listener: Listener = SILENT, **arguments: Any) -> Any:
    return session.request("tools/call", {"name": tool, "arguments": arguments}, listener, {})


@pytest.fixture
async def session(raw_legacy: Running, wire) -> AsyncGenerator[LegacySession]:
    session = LegacySession(wire(raw_legacy.url), {"elicitation": {}})
    await session.open()
    yield session
    await session.close()


def said(message: dict[str, Any], *headers: str) -> bytes:
    return answer(orjson.dumps({"jsonrpc": "2.0", **message}), JSON, *headers)


def welcome(version: str = "2025-11-25", **more: Any) -> dict[str, Any]:
    return {"id": 0, "result": {"protocolVersion": version, "capabilities": {}, **more}}


async def test_the_handshake(session, raw_legacy):
    hello, ready, listening = raw_legacy.record()
    assert hello["body"] == {
        "jsonrpc": "2.0",
        "id": 0,
        "method": "initialize",
        "params": {
            "protocolVersion": "2025-11-25",
            "capabilities": {"elicitation": {}},
            "clientInfo": {"name": "one-url-gateway", "version": "0.1.0"},
        },
    }
    assert "mcp-protocol-version" not in hello["headers"]
    assert ready["body"] == {"jsonrpc": "2.0", "method": "notifications/initialized"}
    assert ready["headers"]["mcp-protocol-version"] == "2025-11-25"
    assert len(ready["headers"]["mcp-session-id"]) == 32
    assert (listening["http"], listening["headers"]["mcp-session-id"]) == ("GET", ready["headers"]["mcp-session-id"])
    assert session.stateful
    assert session.facts.instructions == "Instructions of raw."
    assert session.facts.info["name"] == "raw"
    assert await session.describe() is session.facts
    assert repr(session) == "<LegacySession raw open>"


async def test_a_call_names_the_session_and_nothing_of_the_modern_era(session, raw_legacy):
    raw_legacy.reset()
    assert (
        text_of(
            await session.request(
                "tools/call", {"name": "echo", "arguments": {"text": "a"}}, SILENT, {"Mcp-Param-X": "y"}
            )
        )
        == "a"
    )
    (asked,) = raw_legacy.record()
    assert asked["body"]["params"] == {"name": "echo", "arguments": {"text": "a"}}
    assert {name for name in asked["headers"] if name.startswith("mcp-")} == {"mcp-session-id", "mcp-protocol-version"}


def test_progress_is_asked_for_where_it_is_wanted():
    params = {"name": "x", "_meta": {"com.example/x": 1}}
    assert legacy_params(params, SILENT, 7) is params
    assert legacy_params(params, Listener(progress=True), 7)["_meta"] == {"com.example/x": 1, "progressToken": 7}
    assert legacy_params({"name": "x"}, Listener(progress=True), 7)["_meta"] == {"progressToken": 7}


async def test_without_a_session_id_it_keeps_no_state(raw_sessionless, wire):
    session = LegacySession(wire(raw_sessionless.url), {})
    await session.open()
    assert not session.stateful
    assert text_of(await call(session, "echo", text="a")) == "a"
    await session.close()
    assert {asked["http"] for asked in raw_sessionless.record()} == {"POST"}
    assert all("mcp-session-id" not in asked["headers"] for asked in raw_sessionless.record())


@pytest.mark.parametrize(
    ("version", "header"), [("2025-11-25", "2025-11-25"), ("2025-06-18", "2025-06-18"), ("2025-03-26", None)]
)
async def test_the_version_that_was_agreed_on(wire, version, header):
    async with peer([ASKED, said(welcome(version)), ASKED, TAKEN]) as other:
        session = LegacySession(wire(other.url), {})
        await session.open()
    assert session.facts.version == version
    assert other.asked[1].header("MCP-Protocol-Version") == header


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ([ASKED, said(welcome("2030-01-01"))], "speaks a protocol version that this gateway does not know."),
        ([ASKED, said({"id": 0, "result": {}})], "speaks a protocol version that this gateway does not know."),
        ([ASKED, said(welcome(), "Mcp-Session-Id: a\tb")], "gives a session id that no header can carry."),
        ([ASKED, said(welcome(), "Mcp-Session-Id: \xfc")], "gives a session id that no header can carry."),
        (
            [ASKED, said({"id": 5, "result": {}})],
            "answered another request than ours. It is not known whether the call ran.",
        ),
    ],
)
async def test_what_is_no_handshake(wire, script: Script, reason):
    async with peer(script) as other:
        with pytest.raises(UpstreamBroken) as failure:
            await LegacySession(wire(other.url), {}).open()
    assert failure.value.reason == reason


def test_facts_of_odd_shapes_are_left_out():
    odd = {"protocolVersion": "2025-11-25", "capabilities": [], "instructions": 5, "serverInfo": "x"}
    facts = initialized("raw", odd)
    assert (facts.capabilities, facts.instructions, facts.info) == ({}, "", {})


async def test_progress_and_logs_come_in_order_before_the_result(session):
    ear = Ear(progress=True)
    assert text_of(await call(session, "progress", ear.listener, steps=3)) == "3 steps"
    assert ear.steps == [1, 2, 3]
    await call(session, "log", ear.listener, level="error", message="look")
    assert ear.logged == [("error", {"text": "look"})]


async def test_an_error_of_the_upstream_is_kept_whole(session):
    with pytest.raises(UpstreamAnswered) as failure:
        await call(session, "error", code=1234, message="too bad")
    assert (failure.value.code, failure.value.message) == (1234, "too bad")
    assert failure.value.data == {"from": "raw", "nested": [1, {"two": None}]}


async def test_a_question_in_mid_call_is_answered(session):
    ear = Ear({"elicitation/create": {"action": "accept", "content": {"answer": "blue"}}})
    result = await call(session, "ask", ear.listener, **QUESTION)
    assert result["structuredContent"] == {"action": "accept", "answer": "blue"}
    ((method, params),) = ear.asked
    assert (method, params["message"]) == ("elicitation/create", "Which colour?")


async def test_a_question_that_the_client_refuses(session, raw_legacy):
    ear = Ear({"elicitation/create": UpstreamAnswered(-1, "User is away", {"until": "noon"})})
    with pytest.raises(UpstreamAnswered, match="The client refused: User is away"):
        await call(session, "ask", ear.listener, **QUESTION)
    (refusal,) = [asked["body"] for asked in raw_legacy.record() if asked["rpc"] == "" and asked["http"] == "POST"]
    assert refusal["error"] == {"code": -1, "message": "User is away", "data": {"until": "noon"}}


async def test_a_question_that_nobody_hears_is_refused(session):
    with pytest.raises(UpstreamAnswered, match="The client did not declare this capability"):
        await call(session, "ask", SILENT, **QUESTION)


async def test_a_session_that_was_forgotten_before_the_call(session, raw_legacy):
    raw_legacy.control(forget_sessions=True)
    with pytest.raises(SessionLost):
        await call(session, "echo", text="a")
    assert session.closed
    raw_legacy.reset()
    await session.close()
    assert raw_legacy.record() == []


async def test_a_session_that_was_forgotten_in_mid_call_loses_the_call(wire):
    """It has begun, so it must not be sent again."""
    question = {"id": "q1", "method": "elicitation/create", "params": {}}
    stream = answer(
        b"data: " + orjson.dumps({"jsonrpc": "2.0", **question}) + b"\n\n", "Content-Type: text/event-stream"
    )
    gone = answer(b"", status="404 Not Found")
    first = [ASKED, said(welcome(), "Mcp-Session-Id: s1"), ASKED, TAKEN, ASKED, stream]
    async with peer(first, [ASKED, gone]) as other:
        session = LegacySession(wire(other.url), {})
        await session.open()
        ear = Ear({"elicitation/create": {}})
        with pytest.raises(UpstreamLost) as failure:
            await call(session, "ask", ear.listener)
    assert failure.value.reason == "forgot the session in the middle of a call. It is not known whether the call ran."
    assert session.closed


async def test_a_question_from_one_who_asks_for_a_ping(wire):
    events = [{"id": 7, "method": "ping"}, {"id": 1, "result": {"content": []}}]
    body = b"".join(b"data: " + orjson.dumps({"jsonrpc": "2.0", **each}) + b"\n\n" for each in events)
    first = [ASKED, said(welcome()), ASKED, TAKEN, ASKED, answer(body, "Content-Type: text/event-stream")]
    async with peer(first, [ASKED, TAKEN]) as other:
        session = LegacySession(wire(other.url), {})
        await session.open()
        assert await call(session, "x") == {"content": []}
    assert orjson.loads(other.asked[3].body) == {"jsonrpc": "2.0", "id": 7, "result": {}}


async def test_leaving_cancels_the_call_upstream(session, raw_legacy):
    task = asyncio.create_task(call(session, "slow", seconds=30))
    await raw_legacy.wait_for("started", "slow")
    task.cancel()
    (ended,) = await raw_legacy.wait_for("cancelled", "slow", deadline=1.0)
    assert ended["by"] == "notification"
    assert not session.closed


async def test_a_scope_that_cancels_every_await_cancels_the_call_upstream(session, raw_legacy):
    async def slow() -> None:
        await call(session, "slow", seconds=30)

    async with anyio.create_task_group() as group:
        group.start_soon(slow)
        await raw_legacy.wait_for("started", "slow")
        group.cancel_scope.cancel()
    await raw_legacy.wait_for("cancelled", "slow", deadline=1.0)


async def test_closing_ends_the_session_upstream(raw_legacy, wire):
    session = LegacySession(wire(raw_legacy.url, headers={"X-Tenant": "acme"}), {})
    await session.open()
    await session.close()
    await session.close()
    farewell = raw_legacy.record()[-1]
    assert (farewell["http"], farewell["headers"]["x-tenant"]) == ("DELETE", "acme")
    assert [asked["http"] for asked in raw_legacy.record()] == ["POST", "POST", "DELETE"]
    assert repr(session) == "<LegacySession raw closed>"


async def test_closing_after_the_upstream_is_gone(wire):
    async with peer([ASKED, said(welcome(), "Mcp-Session-Id: s1"), ASKED, TAKEN]) as other:
        session = LegacySession(wire(other.url), {})
        await session.open()
    await session.close()
    assert session.closed


def streamed(*lines: str) -> bytes:
    """An event stream that ends after these lines."""
    return answer("".join(f"{line}\n" for line in lines).encode(), "Content-Type: text/event-stream")


OPENED = [ASKED, said(welcome(), "Mcp-Session-Id: s1"), ASKED, TAKEN]
DONE = orjson.dumps({"jsonrpc": "2.0", "id": 1, "result": {"done": True}}).decode()


async def test_a_stream_that_ends_too_soon_is_taken_up_again_where_it_said(wire):
    first = streamed("retry: 1", "id: e7", "data: ", "")
    rest = streamed("id: e8", f"data: {DONE}", "")
    async with peer([*OPENED, ASKED, first, ASKED, rest]) as other:
        session = LegacySession(wire(other.url), {})
        await session.open()
        assert await session.request("tools/call", {"name": "x"}, SILENT, {}) == {"done": True}
    resumed = other.asked[-1]
    assert resumed.line.startswith("GET ")
    assert (resumed.header("Last-Event-ID"), resumed.header("Mcp-Session-Id")) == ("e7", "s1")


async def test_a_stream_without_an_id_is_not_taken_up_again(wire):
    async with peer([*OPENED, ASKED, streamed(": nothing", "")]) as other:
        session = LegacySession(wire(other.url), {})
        await session.open()
        with pytest.raises(UpstreamLost, match="without a result"):
            await session.request("tools/call", {"name": "x"}, SILENT, {})


@pytest.mark.parametrize(
    "status", ["404 Not Found", "405 Method Not Allowed", "400 Bad Request", "401 Unauthorized", "500 No"]
)
async def test_an_answer_that_is_not_taken_up_again_is_lost_and_its_call_not_sent_twice(wire, status):
    """Even where the session is gone by then: the call was sent."""
    refused = answer(b"", status=status)
    async with peer([*OPENED, ASKED, streamed("retry: 1", "id: e7", "data:", ""), ASKED, refused]) as other:
        session = LegacySession(wire(other.url), {})
        await session.open()
        with pytest.raises(UpstreamLost) as failure:
            await session.request("tools/call", {"name": "x"}, SILENT, {})
    assert failure.value.reason == (
        "ended its answer without a result, and does not take it up again. It is not known whether the call ran."
    )


@pytest.mark.parametrize("odd", ["\x01", "€", "ü"])
async def test_an_id_that_no_header_can_carry_is_none(wire, odd):
    async with peer([*OPENED, ASKED, streamed(f"id: {odd}", "data:", "")]) as other:
        session = LegacySession(wire(other.url), {})
        await session.open()
        with pytest.raises(UpstreamLost, match=r"ended its answer without a result\. It"):
            await session.request("tools/call", {"name": "x"}, SILENT, {})


async def test_what_it_asks_beside_a_call_is_asked_of_the_calls_client(wire):
    question = orjson.dumps(
        {"jsonrpc": "2.0", "id": "q1", "method": "elicitation/create", "params": {"message": "Which?"}}
    ).decode()
    called, answered = asyncio.Event(), asyncio.Event()
    stream = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
    calls = [ASKED, answered, said({"id": 1, "result": {"done": True}}), ASKED, TAKEN]
    beside = [*OPENED, ASKED, stream, called, f"data: {question}\n\n".encode(), LEFT]
    answering = [ASKED, TAKEN]
    ear = Ear({"elicitation/create": {"action": "accept"}})
    async with peer(beside, calls, answering) as other:
        session = LegacySession(wire(other.url), {"elicitation": {}})
        await session.open()
        running = asyncio.create_task(session.request("tools/call", {"name": "x"}, ear.listener, {}))
        await until(lambda: len(other.asked) == 4)
        called.set()
        await until(lambda: len(other.asked) == 5)
        answered.set()
        assert await running == {"done": True}
        await session.close()
    assert ear.asked == [("elicitation/create", {"message": "Which?"})]
    assert orjson.loads(other.asked[4].body) == {"jsonrpc": "2.0", "id": "q1", "result": {"action": "accept"}}


async def test_a_stream_that_is_cut_off_is_taken_up_again_where_it_said(wire):
    """Again and again, until there is nothing to go on from."""
    begun = [chunked(f"retry: 1\nid: e{n}\ndata: \n\n".encode(), end=False) for n in (7, 8)]
    first, second = (each.replace(b"OK\r\n", b"OK\r\nContent-Type: text/event-stream\r\n") for each in begun)
    rest = streamed("id: e9", f"data: {DONE}", "")
    async with peer([*OPENED, ASKED, first, RESET], [ASKED, second, RESET], [ASKED, rest]) as other:
        session = LegacySession(wire(other.url), {})
        await session.open()
        assert await session.request("tools/call", {"name": "x"}, SILENT, {}) == {"done": True}
    assert [asked.header("Last-Event-ID") for asked in other.asked[-2:]] == ["e7", "e8"]


async def test_the_stream_for_questions_is_opened_again(wire, monkeypatch):
    """Where it was, and not where it is refused."""
    monkeypatch.setattr(legacy, "AGAIN_SECONDS", (0.0,) * 4)
    welcomed = [ASKED, said(welcome(), "Mcp-Session-Id: s1"), ASKED, TAKEN]
    ping = orjson.dumps({"jsonrpc": "2.0", "id": 7, "method": "ping"}).decode()
    first = streamed("id: e1", "data:", "")
    second = streamed("id: e2", f"data: {ping}", "")
    refused = answer(b"", status="405 Method Not Allowed")
    async with peer([*welcomed, ASKED, first, ASKED, second, ASKED, refused], [ASKED, TAKEN]) as other:
        session = LegacySession(wire(other.url), {"roots": {}})
        await session.open()
        assert session._questions is not None
        async with asyncio.timeout(5):
            await asyncio.wait([session._questions])
    streams = [asked for asked in other.asked if asked.line.startswith("GET ")]
    assert [asked.header("Last-Event-ID") for asked in streams] == [None, "e1", "e2"]
