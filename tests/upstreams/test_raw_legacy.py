"""The legacy side over HTTP is as strict as the specification (2025-11-25, basic/transports)."""

import asyncio
import json
from collections.abc import AsyncGenerator
from typing import Any

import httpx
import pytest

from tests.upstreams.kit import Running
from tests.upstreams.messages import (
    ACCEPT,
    LEGACY,
    events_of,
    initialize,
    legacy_call,
    legacy_request,
    messages_in,
    messages_of,
    modern_request,
)


@pytest.fixture
async def client() -> AsyncGenerator[httpx.AsyncClient]:
    async with httpx.AsyncClient(headers=ACCEPT, timeout=5) as client:
        yield client


async def opened(client: httpx.AsyncClient, upstream: Running, **capabilities: Any) -> dict[str, str]:
    """The headers of a new session."""
    answer = await client.post(upstream.url, json=initialize(**capabilities))
    return {"mcp-session-id": answer.headers["mcp-session-id"], "mcp-protocol-version": LEGACY}


def last_of(answer: httpx.Response) -> dict[str, Any]:
    return messages_in(answer.headers["content-type"], answer.text)[-1]


@pytest.mark.parametrize("asked", ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"])
async def test_the_version_asked_for_is_agreed_on(
    asked: str, client: httpx.AsyncClient, raw_legacy_json: Running
) -> None:
    request = initialize()
    request["params"]["protocolVersion"] = asked
    agreed = (await client.post(raw_legacy_json.url, json=request)).json()["result"]
    assert agreed["protocolVersion"] == asked
    assert agreed["serverInfo"]["name"] == "raw"
    assert "resultType" not in agreed


async def test_an_unknown_version_is_answered_with_the_newest(
    client: httpx.AsyncClient, raw_legacy_json: Running
) -> None:
    request = initialize()
    request["params"]["protocolVersion"] = "2030-01-01"
    assert (await client.post(raw_legacy_json.url, json=request)).json()["result"]["protocolVersion"] == LEGACY


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 400),
        ({"mcp-session-id": "chosen-by-me"}, 404),
        ({"mcp-protocol-version": "2026-07-28"}, 400),
        ({"accept": "application/json"}, 406),
        ({"content-type": "text/plain"}, 415),
        ({"origin": "http://evil.example"}, 403),
    ],
    ids=str,
)
async def test_a_request_without_a_session_of_ours_is_refused(
    headers: dict[str, str], status: int, client: httpx.AsyncClient, raw_legacy: Running
) -> None:
    answer = await client.post(raw_legacy.url, json=legacy_request("tools/list"), headers=headers)
    assert answer.status_code == status


async def test_a_modern_request_gets_no_modern_error(client: httpx.AsyncClient, raw_legacy: Running) -> None:
    body, headers = modern_request("server/discover")
    answer = await client.post(raw_legacy.url, json=body, headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, -32600)


async def test_a_session_ends_by_delete(client: httpx.AsyncClient, raw_legacy: Running) -> None:
    session = await opened(client, raw_legacy)
    assert (await client.delete(raw_legacy.url, headers=session)).status_code == 204
    assert (await client.post(raw_legacy.url, json=legacy_request("ping"), headers=session)).status_code == 404


async def test_sessions_can_be_forgotten(client: httpx.AsyncClient, raw_legacy: Running) -> None:
    session = await opened(client, raw_legacy)
    raw_legacy.control(forget_sessions=True)
    assert (await client.post(raw_legacy.url, json=legacy_request("ping"), headers=session)).status_code == 404
    again = await opened(client, raw_legacy)
    assert (await client.post(raw_legacy.url, json=legacy_request("ping"), headers=again)).status_code == 200


async def test_without_sessions_nothing_is_asked_for(client: httpx.AsyncClient, raw_sessionless: Running) -> None:
    answer = await client.post(raw_sessionless.url, json=initialize())
    assert "mcp-session-id" not in answer.headers
    called = await client.post(raw_sessionless.url, json=legacy_call("echo", text="hi"))
    assert last_of(called)["result"]["content"][0]["text"] == "hi"
    assert (await client.get(raw_sessionless.url)).status_code == 405


async def test_without_sessions_clients_may_use_the_same_id(
    client: httpx.AsyncClient, raw_sessionless: Running
) -> None:
    slow = legacy_call("slow", 1, seconds=0.05)
    answers = await asyncio.gather(*(client.post(raw_sessionless.url, json=slow) for _ in range(2)))
    assert [last_of(answer)["result"]["content"][0]["text"] for answer in answers] == ["0.05 seconds later"] * 2


async def test_a_cancelled_call_gets_no_answer(client: httpx.AsyncClient, raw_legacy: Running) -> None:
    session = await opened(client, raw_legacy)
    slow = legacy_call("slow", 7, seconds=60)
    async with client.stream("POST", raw_legacy.url, json=slow, headers=session) as answer:
        await raw_legacy.wait_for("started", "slow")
        cancel = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 7}}
        assert (await client.post(raw_legacy.url, json=cancel, headers=session)).status_code == 202
        assert await answer.aread() == b""
    (cancelled,) = await raw_legacy.wait_for("cancelled", "slow")
    assert cancelled["by"] == "notification"


async def test_a_client_that_leaves_cancels_nothing(client: httpx.AsyncClient, raw_legacy: Running) -> None:
    session = await opened(client, raw_legacy)
    slow = legacy_call("slow", seconds=0.1)
    async with client.stream("POST", raw_legacy.url, json=slow, headers=session):
        await raw_legacy.wait_for("started", "slow")
    await raw_legacy.wait_for("finished", "slow")


async def test_a_stream_can_be_taken_up_again(client: httpx.AsyncClient, raw_legacy: Running) -> None:
    session = await opened(client, raw_legacy)
    progress = legacy_call("progress", steps=1)
    progress["params"]["_meta"] = {"progressToken": "p"}
    async with client.stream("POST", raw_legacy.url, json=progress, headers=session) as answer:
        first = await anext(events_of(answer))
    resume = {**session, "last-event-id": first["id"]}
    async with client.stream("GET", raw_legacy.url, headers=resume) as rest:
        final = await anext(messages_of(rest))
    assert final["result"]["content"][0]["text"] == "1 steps"


async def test_the_get_stream_tells_of_changes_and_of_what_was_subscribed(
    client: httpx.AsyncClient, raw_legacy: Running
) -> None:
    session = await opened(client, raw_legacy)
    subscribe = legacy_request("resources/subscribe", uri="text://raw/notes")
    await client.post(raw_legacy.url, json=subscribe, headers=session)
    async with client.stream("GET", raw_legacy.url, headers=session) as stream:
        raw_legacy.control(updated="blob://raw/pixel.png")
        raw_legacy.control(updated="text://raw/notes")
        raw_legacy.control(tools=2)
        messages = messages_of(stream)
        updated, changed = await anext(messages), await anext(messages)
    assert updated["params"] == {"uri": "text://raw/notes"}
    assert changed["method"] == "notifications/tools/list_changed"


async def test_the_log_level_is_kept_by_session(client: httpx.AsyncClient, raw_legacy: Running) -> None:
    quiet, loud = await opened(client, raw_legacy), await opened(client, raw_legacy)
    await client.post(raw_legacy.url, json=legacy_request("logging/setLevel", level="error"), headers=quiet)
    log = legacy_call("log", level="info", message="look")
    heard = [await client.post(raw_legacy.url, json=log, headers=session) for session in (quiet, loud)]
    assert [len(messages_in(each.headers["content-type"], each.text)) for each in heard] == [1, 2]


async def test_an_unknown_resource_has_the_code_of_the_era(client: httpx.AsyncClient, raw_legacy_json: Running) -> None:
    session = await opened(client, raw_legacy_json)
    read = legacy_request("resources/read", uri="text://raw/none")
    assert (await client.post(raw_legacy_json.url, json=read, headers=session)).json()["error"]["code"] == -32002


async def test_sse_of_2024_answers_on_the_stream(client: httpx.AsyncClient, raw_sse_upstream: Running) -> None:
    async with client.stream("GET", raw_sse_upstream.url) as stream:
        events = events_of(stream)
        endpoint = await anext(events)
        address = httpx.URL(raw_sse_upstream.url).join(endpoint["data"])
        early = await client.post(address, json=legacy_request("tools/list", "early"))
        assert (endpoint["event"], early.status_code, early.text) == ("endpoint", 202, "Accepted")
        refused = json.loads((await anext(events))["data"])
        await client.post(address, json=initialize())
        agreed = json.loads((await anext(events))["data"])
    assert (refused["id"], refused["error"]["code"]) == ("early", -32600)
    assert agreed["result"]["protocolVersion"] == LEGACY
    await raw_sse_upstream.wait_for("cancelled", "GET")
    assert (await client.post(address, json=legacy_request("ping"))).status_code == 404
