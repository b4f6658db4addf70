"""What a legacy client is asked in mid-call goes out on the call's stream, and its own answer comes back."""

import asyncio
import json
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from gateway.doors.legacy import questions as module
from tests.doors.legacy_client import HandedOn, LegacyClient, session

ASK = {"name": "legacy_ask", "arguments": {"question": "Which colour?"}}
BLUE = {"action": "accept", "content": {"answer": "blue"}}
Events = AsyncGenerator[dict[str, str]]


@pytest.fixture
async def client(url: str, handed_on: HandedOn) -> AsyncGenerator[LegacyClient]:
    async with session(url, elicitation={}, roots={}) as client:
        handed_on.bodies.clear()
        yield client


async def said(events: Events) -> dict[str, Any]:
    """The next message."""
    async for event in events:
        if event.get("data"):
            return json.loads(event["data"])
    raise AssertionError("the stream ended")


@pytest.mark.parametrize("namespace", ["modern", "legacy"])
async def test_a_question_and_its_answer_go_through(client: LegacyClient, namespace: str, handed_on: HandedOn) -> None:
    async with client.events("c", "tools/call", **{**ASK, "name": f"{namespace}_ask"}) as events:
        question = await said(events)
        assert question["method"] == "elicitation/create"
        assert question["params"]["message"] == "Which colour?"
        assert (await client.answer(question["id"], result=BLUE)).status_code == 202
        final = await said(events)
    assert final["id"] == "c"
    assert final["result"]["structuredContent"] == {"action": "accept", "answer": "blue"}
    assert handed_on.bodies == []


async def test_roots_are_asked_for(client: LegacyClient) -> None:
    asked = {"question": "", "method": "roots/list", "params": {}}
    async with client.events(1, "tools/call", name="legacy_ask", arguments=asked) as events:
        question = await said(events)
        assert question["method"] == "roots/list"
        await client.answer(question["id"], result={"roots": [{"uri": "file:///work"}]})
        final = await said(events)
    assert final["result"]["structuredContent"] == {"roots": [{"uri": "file:///work"}]}


async def test_a_refusal_goes_through(client: LegacyClient) -> None:
    async with client.events(1, "tools/call", **ASK) as events:
        question = await said(events)
        await client.answer(question["id"], error={"code": -1, "message": "not today"})
        final = await said(events)
    assert "not today" in json.dumps(final)


async def test_what_was_not_declared_is_not_asked(client: LegacyClient) -> None:
    params = {"messages": [{"role": "user", "content": {"type": "text", "text": "Say a word."}}], "maxTokens": 5}
    asked = {"question": "", "method": "sampling/createMessage", "params": params}
    answer = await client.ask("tools/call", name="legacy_ask", arguments=asked)
    assert "sampling/createMessage" not in [each.get("method") for each in answers(answer.text)]
    assert "error" in answers(answer.text)[-1]


def answers(text: str) -> list[dict[str, Any]]:
    return [json.loads(line.removeprefix("data:")) for line in text.splitlines() if "jsonrpc" in line]


async def test_an_answer_from_another_session_is_none(client: LegacyClient, url: str) -> None:
    async with session(url, elicitation={}) as other, client.events(1, "tools/call", **ASK) as events:
        question = await said(events)
        await other.answer(question["id"], result={"action": "accept", "content": {"answer": "red"}})
        await client.answer(question["id"], result=BLUE)
        final = await said(events)
    assert final["result"]["structuredContent"]["answer"] == "blue"


async def test_only_the_first_answer_counts(client: LegacyClient, handed_on: HandedOn) -> None:
    async with client.events(1, "tools/call", **ASK) as events:
        question = await said(events)
        await client.answer(question["id"], result=BLUE)
        await client.answer(question["id"], result={"action": "decline"})
        final = await said(events)
    assert final["result"]["structuredContent"]["answer"] == "blue"


@pytest.mark.parametrize("outcome", [{"result": 5}, {"error": {"code": "x", "message": "y"}}, {"error": {}}, {}])
async def test_a_malformed_answer_is_the_main_doors(
    client: LegacyClient, handed_on: HandedOn, outcome: dict[str, Any]
) -> None:
    async with client.events(1, "tools/call", **ASK) as events:
        question = await said(events)
        await client.answer(question["id"], **outcome)
        assert len(handed_on.bodies) == 1
        await client.answer(question["id"], result=BLUE)
        assert "result" in await said(events)


async def test_an_answer_that_is_none_of_its_kind_is_an_error_to_the_upstream(client: LegacyClient) -> None:
    async with client.events(1, "tools/call", **ASK) as events:
        question = await said(events)
        await client.answer(question["id"], result={"action": "perhaps"})
        assert "answer is no result of elicitation/create" in json.dumps(await said(events))


async def test_a_question_that_nobody_answers_is_withdrawn(
    client: LegacyClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ANSWER_SECONDS", 0.01)
    async with client.events(1, "tools/call", **ASK) as events:
        question = await said(events)
        withdrawn = await said(events)
        assert withdrawn["method"] == "notifications/cancelled"
        assert withdrawn["params"]["requestId"] == question["id"]
        assert "timed out" in json.dumps(await said(events))


async def test_a_question_of_a_cancelled_call_is_withdrawn(client: LegacyClient) -> None:
    async with client.events(1, "tools/call", **ASK) as events:
        question = await said(events)
        assert (await client.tell("notifications/cancelled", requestId=1)).status_code == 202
        withdrawn = await said(events)
        assert withdrawn["params"]["requestId"] == question["id"]
        assert (await said(events))["error"]["code"] == -32800


async def test_a_question_can_be_answered_by_a_client_that_lost_the_stream(client: LegacyClient) -> None:
    async with client.events(1, "tools/call", **ASK) as events:
        seen = [await anext(events), await anext(events)]
    question = json.loads(seen[1]["data"])
    await client.answer(question["id"], result=BLUE)
    headers = {**client.headers, "accept": "text/event-stream", "last-event-id": seen[1]["id"]}
    async with asyncio.timeout(10), client.http.stream("GET", client.url, headers=headers) as again:
        from_now = [line async for line in first_answer(again)]
    assert "blue" in from_now[-1]


async def first_answer(stream: Any) -> AsyncGenerator[str]:
    """The lines of a stream, up to the first result."""
    async for line in stream.aiter_lines():
        yield line
        if '"result"' in line:
            return
