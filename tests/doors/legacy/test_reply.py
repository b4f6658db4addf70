"""A legacy answer: JSON at once, or a stream that can be taken up again."""

import asyncio
import json
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
from mcp.server.streamable_http import StreamableHTTPServerTransport

from gateway.doors.legacy import reply as module
from gateway.doors.legacy.reply import LegacyReply
from gateway.doors.legacy.transport import Transport
from gateway.ground.overdue import Overdue
from tests.doors.legacy_client import LegacyClient, read, session
from tests.gateways.kit import configuration, over_http
from tests.upstreams.kit import Running


@pytest.fixture
async def client(tmp_path: Path, raw_legacy: Running) -> AsyncGenerator[LegacyClient]:
    async with over_http(tmp_path, configuration({"raw": raw_legacy})) as (_, url), session(url) as client:
        yield client


async def test_what_only_the_slower_encoder_can_say_is_said() -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    transport = Transport(StreamableHTTPServerTransport("s1"), Overdue(1.0))
    await LegacyReply(send, transport, b"s1", 5, is_marked=True).result({"number": 2**70})
    assert json.loads(sent[1]["body"]) == {"jsonrpc": "2.0", "id": 5, "result": {"number": 2**70}}
    assert (b"mcp-session-id", b"s1") in sent[0]["headers"]


def progress(client: LegacyClient, steps: int, token: Any) -> Any:
    call = {"name": "raw_progress", "arguments": {"steps": steps}, "_meta": {"progressToken": token}}
    return client.ask("tools/call", **call)


async def test_what_comes_before_the_answer_comes_in_order_with_the_clients_token(client: LegacyClient) -> None:
    answer = await progress(client, 3, "mine")
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["mcp-session-id"] == client.headers["mcp-session-id"]
    assert answer.headers["cache-control"] == "no-cache, no-transform"
    messages = read(answer)
    assert [each["params"]["progress"] for each in messages[:-1]] == [1, 2, 3]
    assert {each["params"]["progressToken"] for each in messages[:-1]} == {"mine"}
    assert messages[-1]["result"]["content"][0]["text"] == "3 steps"


async def test_every_event_of_a_stream_has_an_id_and_the_first_has_nothing_else(client: LegacyClient) -> None:
    call = {"name": "raw_progress", "arguments": {"steps": 2}, "_meta": {"progressToken": 1}}
    async with client.events(1, "tools/call", **call) as events:
        heard = [event async for event in events]
    assert heard[0]["data"] == ""
    assert len({event["id"] for event in heard}) == len(heard) == 4


async def test_an_older_client_gets_no_event_that_is_empty(client: LegacyClient) -> None:
    del client.headers["mcp-protocol-version"]
    call = {"name": "raw_progress", "arguments": {"steps": 1}, "_meta": {"progressToken": 1}}
    async with client.events(1, "tools/call", **call) as events:
        heard = [event async for event in events]
    assert all(event["id"] and event["data"] for event in heard)


async def test_a_call_that_takes_long_opens_its_stream_and_keeps_it_alive(
    client: LegacyClient, raw_legacy: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PING_SECONDS", 0.01)
    answer = await client.ask("tools/call", name="raw_slow", arguments={"seconds": 0.4})
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert ": ping" in answer.text
    assert read(answer)[-1]["result"]["content"][0]["text"] == "0.4 seconds later"


async def test_a_client_that_leaves_finds_its_answer_when_it_comes_back(
    client: LegacyClient, raw_legacy: Running
) -> None:
    async with client.events(7, "tools/call", name="raw_slow", arguments={"seconds": 0.4}) as events:
        first = await anext(events)
    headers = {**client.headers, "accept": "text/event-stream", "last-event-id": first["id"]}
    lines = []
    async with asyncio.timeout(10), client.http.stream("GET", client.url, headers=headers) as again:
        lines = [line async for line in again.aiter_lines()]  # it ends after the answer
    assert json.loads(lines[-2].removeprefix("data: "))["id"] == 7
    assert len([entry for entry in raw_legacy.record() if entry["rpc"] == "tools/call"]) == 1


async def test_a_cancelled_call_is_cancelled_upstream_and_answered_with_an_error(
    client: LegacyClient, raw_legacy: Running
) -> None:
    async with client.events(5, "tools/call", name="raw_slow", arguments={"seconds": 30}) as events:
        await raw_legacy.wait_for("started", "slow")
        assert (await client.tell("notifications/cancelled", requestId=5)).status_code == 202
        heard = [event async for event in events]
    assert json.loads(heard[-1]["data"])["error"] == {"code": -32800, "message": "Request cancelled"}
    await raw_legacy.wait_for("cancelled", "slow")


async def test_a_session_that_is_ended_ends_its_calls(client: LegacyClient, raw_legacy: Running) -> None:
    async with client.events(5, "tools/call", name="raw_slow", arguments={"seconds": 30}) as events:
        await raw_legacy.wait_for("started", "slow")
        await client.http.delete(client.url, headers=client.headers)
        heard = [event async for event in events]
    assert json.loads(heard[-1]["data"])["error"]["code"] == -32000
