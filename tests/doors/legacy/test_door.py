"""What the express door takes of legacy clients, and what it hands on untouched."""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import fastmcp
import pytest

from tests.doors.legacy_client import HandedOn, LegacyClient, read, session
from tests.gateways.kit import configuration, over_http, served
from tests.upstreams.kit import Running


@pytest.fixture
async def client(url: str, handed_on: HandedOn) -> AsyncGenerator[LegacyClient]:
    async with session(url) as client:
        handed_on.bodies.clear()
        yield client


@pytest.mark.parametrize("namespace", ["modern", "legacy"])
async def test_calls_reads_and_prompts_of_upstreams_over_http_are_taken(
    client: LegacyClient, namespace: str, handed_on: HandedOn
) -> None:
    called = await client.call(f"{namespace}_echo", text="hello")
    contents = await client.result("resources/read", uri=f"text://{namespace}/raw/notes")
    prompt = await client.result("prompts/get", name=f"{namespace}_greet", arguments={"name": "Ada"})
    assert called["content"][0]["text"] == "hello"
    assert contents["contents"][0]["uri"] == f"text://{namespace}/raw/notes"
    assert prompt["messages"]
    for result in (called, contents, prompt):
        assert not result.keys() & {"resultType", "ttlMs", "cacheScope"}
    assert handed_on.methods == []


async def test_an_answer_at_once_is_json_in_its_session(client: LegacyClient) -> None:
    answer = await client.ask("tools/call", name="legacy_echo", arguments={"text": "hello"})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["mcp-session-id"] == client.headers["mcp-session-id"]


async def test_an_upstreams_error_and_ours_have_status_200(client: LegacyClient, raw_legacy: Running) -> None:
    arguments = {"code": -32099, "message": "no"}
    answered = await client.ask("tools/call", name="legacy_error", arguments=arguments)
    assert answered.status_code == 200
    assert read(answered)[-1]["error"]["code"] == -32099
    raw_legacy.control(fault="garbage", on="tools/call")
    broken = await client.ask("tools/call", name="legacy_echo", arguments={"text": "hello"})
    assert broken.status_code == 200
    assert read(broken)[-1]["error"]["data"]["upstream"] == "legacy"


async def test_a_ping_is_answered(client: LegacyClient, handed_on: HandedOn) -> None:
    answer = await client.post({"jsonrpc": "2.0", "id": "p", "method": "ping"})
    assert answer.json() == {"jsonrpc": "2.0", "id": "p", "result": {}}
    assert handed_on.bodies == []


@pytest.mark.parametrize("method", ["tools/list", "resources/list", "resources/templates/list", "prompts/list"])
async def test_a_list_is_answered_as_the_main_door_would(
    client: LegacyClient, handed_on: HandedOn, method: str
) -> None:
    express = await client.result(method)
    assert handed_on.bodies == []
    main = read(await client.post({"jsonrpc": "2.0", "id": 9, "method": method}, accept="*/*"))[-1]["result"]
    assert handed_on.methods == [method]
    assert express == main


async def test_what_it_does_not_know_is_handed_on_with_its_body(client: LegacyClient, handed_on: HandedOn) -> None:
    assert (await client.call("own_shout", text="hello"))["content"]
    assert read(await client.ask("tools/call", name="legacy_unheard"))[-1]["error"]["code"] == -32602
    assert read(await client.ask("tools/call", name="legacy_echo", arguments=5))[-1]["error"]["code"] == -32602
    assert (await client.result("resources/subscribe", uri="text://legacy/raw/notes")) == {}
    assert read(await client.ask("tools/list", cursor="nobody's"))[-1]["error"]["code"] == -32602
    assert handed_on.methods == ["tools/call", "tools/call", "tools/call", "resources/subscribe", "tools/list"]
    assert (await client.post([])).status_code == 400


@pytest.mark.parametrize(
    "headers",
    [
        {"mcp-protocol-version": "2025-06-18"},
        {"accept": "*/*"},
        {"content-type": "application/json; charset=utf-8"},
    ],
    ids=lambda headers: next(iter(headers)),
)
async def test_odd_headers_are_handed_on(client: LegacyClient, handed_on: HandedOn, headers: dict[str, str]) -> None:
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "legacy_echo", "arguments": {}}}
    assert (await client.post(call, **headers)).status_code == 200
    assert handed_on.methods == ["tools/call"]


async def test_a_client_that_has_not_said_that_it_is_ready_is_the_main_doors(url: str, handed_on: HandedOn) -> None:
    async with session(url, ready=False) as client:
        await client.call("legacy_echo", text="hello")
        assert handed_on.methods == ["initialize", "tools/call"]
        await client.tell("notifications/initialized")
        await client.call("legacy_echo", text="hello")
    assert handed_on.methods == ["initialize", "tools/call", "notifications/initialized"]


async def test_an_ended_session_is_the_main_doors_to_refuse(client: LegacyClient, handed_on: HandedOn) -> None:
    assert (await client.http.delete(client.url, headers=client.headers)).status_code == 200
    refused = await client.ask("tools/call", name="legacy_echo", arguments={"text": "hello"})
    assert refused.status_code == 404
    assert handed_on.methods == ["", "tools/call"]


async def test_a_second_handshake_in_a_session_leaves_it_to_the_main_door(
    client: LegacyClient, handed_on: HandedOn
) -> None:
    about: Any = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}
    await client.result("initialize", **about)
    await client.call("legacy_echo", text="hello")
    assert handed_on.methods == ["initialize", "tools/call"]


async def test_both_doors_use_the_same_session_of_an_upstream(client: LegacyClient) -> None:
    name = {"name": "legacy_whoami", "arguments": {}}
    express = await client.result("tools/call", **name)
    main = read(await client.post({"jsonrpc": "2.0", "id": 9, "method": "tools/call", "params": name}, accept="*/*"))
    sessions = [each["structuredContent"]["about"]["session"] for each in (express, main[-1]["result"])]
    assert sessions[0] == sessions[1]


async def test_the_main_doors_log_level_counts(client: LegacyClient) -> None:
    loud = {"name": "legacy_log", "arguments": {"level": "debug", "message": "look"}}
    assert [each.get("method") for each in read(await client.ask("tools/call", **loud))] == [None]
    await client.result("logging/setLevel", level="debug")
    heard = read(await client.ask("tools/call", **loud))
    assert [each.get("method") for each in heard] == ["notifications/message", None]


async def test_a_call_holds_its_session_open_and_leaves_it_its_whole_time(
    tmp_path: Path, raw_legacy: Running, monkeypatch: pytest.MonkeyPatch, handed_on: HandedOn
) -> None:
    monkeypatch.setattr(fastmcp.settings, "http_session_idle_timeout", 0.7)
    async with over_http(tmp_path, configuration({"legacy": raw_legacy})) as (_, url), session(url) as client:
        for _ in range(3):
            assert (await client.call("legacy_slow", seconds=0.5))["content"]
        assert (await client.call("legacy_slow", seconds=1.5))["content"]
        assert (await client.result("ping")) == {}
        assert handed_on.methods == ["initialize", "notifications/initialized"]


async def test_a_stop_lets_a_call_end(tmp_path: Path, raw_legacy: Running) -> None:
    with served(tmp_path, configuration({"legacy": raw_legacy})) as gateway:
        async with session(gateway.url) as client:
            calling = asyncio.create_task(client.call("legacy_slow", seconds=0.5))
            await raw_legacy.wait_for("started", "slow")
            gateway.process.terminate()
            assert (await calling)["content"][0]["text"] == "0.5 seconds later"


async def test_it_can_be_switched_off(tmp_path: Path, raw_legacy: Running, handed_on: HandedOn) -> None:
    text = configuration({"legacy": raw_legacy}, "[server]\nexpress = false")
    async with over_http(tmp_path, text) as (_, url), session(url) as client:
        assert (await client.call("legacy_echo", text="hello"))["content"][0]["text"] == "hello"
    assert handed_on.bodies == []  # there was no express door to count them
