"""A session at the express door is nothing in another caller's hands, nor is what is asked in it (rows 4 and 5)."""

import json
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from gateway.policy.keys import KeyStore
from tests.doors.legacy_client import HandedOn, LegacyClient, session
from tests.gateways.kit import configuration, over_http
from tests.upstreams.running import Running

CALL = {"name": "raw_echo", "arguments": {"text": "secret"}}
ASK = {"name": "raw_ask", "arguments": {"question": "Which colour?"}}
BLUE = {"action": "accept", "content": {"answer": "blue"}}
RED = {"action": "accept", "content": {"answer": "red"}}


class Two(NamedTuple):
    """A session of Ada's, and one of Eve's."""

    ada: LegacyClient
    eve: LegacyClient
    upstream: Running


@pytest.fixture
def handed_on(monkeypatch: pytest.MonkeyPatch) -> HandedOn:
    return HandedOn(monkeypatch)


@pytest.fixture
async def two(tmp_path: Path, raw_legacy: Running, handed_on: HandedOn) -> AsyncGenerator[Two]:
    keys = KeyStore(tmp_path / "var")
    of_ada, of_eve = ({"authorization": f"Bearer {keys.create(name, ['*'])[1]}"} for name in ("ada", "eve"))
    async with (
        over_http(tmp_path, configuration({"raw": raw_legacy})) as (_, url),
        session(url, of_ada, elicitation={}) as ada,
        session(url, of_eve, elicitation={}) as eve,
    ):
        handed_on.bodies.clear()
        yield Two(ada, eve, raw_legacy)


def stolen(two: Two) -> dict[str, str]:
    """Ada's session id, for Eve to send."""
    return {"mcp-session-id": two.ada.headers["mcp-session-id"]}


async def question_of(events: AsyncGenerator[dict[str, str]]) -> str:
    """The id of what is asked on a stream."""
    async for event in events:
        if "elicitation/create" in event.get("data", ""):
            return json.loads(event["data"])["id"]
    raise AssertionError("nothing was asked")


async def final(events: AsyncGenerator[dict[str, str]]) -> dict[str, Any]:
    return [json.loads(event["data"]) async for event in events if event.get("data")][-1]


def call(**params: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": 77, "method": "tools/call", "params": params}


async def test_another_callers_session_is_refused_as_the_sdk_does(two: Two, handed_on: HandedOn) -> None:
    assert (await two.ada.call("raw_echo", text="secret"))["content"][0]["text"] == "secret"
    assert handed_on.bodies == [], "Ada's session is the express door's, where that is on"
    refused = await two.eve.post(call(**CALL), **stolen(two))
    assert refused.status_code == 404
    assert "secret" not in refused.text
    assert (await two.ada.call("raw_echo", text="still"))["content"][0]["text"] == "still"


@pytest.mark.parametrize("id", ["0" * 32, "gateway", "x"])
async def test_a_guessed_session_is_none(two: Two, id: str) -> None:
    assert (await two.eve.post(call(**CALL), **{"mcp-session-id": id})).status_code == 404


@pytest.mark.parametrize("credential", ["", "Bearer gw_none_of_ours", "Basic YWRh"])
async def test_a_session_id_is_no_credential(two: Two, credential: str) -> None:
    answer = await two.eve.post(call(**CALL), **stolen(two), authorization=credential)
    assert answer.status_code == 401


async def test_nobody_else_answers_a_question(two: Two) -> None:
    async with two.ada.events(1, "tools/call", **ASK) as events:
        id = await question_of(events)
        assert (await two.eve.post({"jsonrpc": "2.0", "id": id, "result": RED}, **stolen(two))).status_code == 404
        await two.eve.answer(id, result=RED)
        assert (await two.ada.answer(id, result=BLUE)).status_code == 202
        answered = await final(events)
    assert answered["result"]["structuredContent"]["answer"] == "blue"


async def test_nobody_else_cancels_a_call(two: Two) -> None:
    async with two.ada.events(1, "tools/call", name="raw_slow", arguments={"seconds": 0.4}) as events:
        await two.upstream.wait_for("started", "slow")
        cancelled = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1}}
        assert (await two.eve.post(cancelled, **stolen(two))).status_code == 404
        await two.eve.post(cancelled)
        answered = await final(events)
    assert answered["result"]["content"][0]["text"] == "0.4 seconds later"


async def test_nobody_else_ends_a_session(two: Two) -> None:
    headers = {**two.eve.headers, **stolen(two)}
    assert (await two.eve.http.delete(two.eve.url, headers=headers)).status_code == 404
    assert (await two.ada.call("raw_echo", text="still"))["content"][0]["text"] == "still"


async def test_a_call_without_its_scope_is_refused_with_403(tmp_path: Path, raw_legacy: Running) -> None:
    _, key = KeyStore(tmp_path / "var").create("bob", ["other:read"])
    async with (
        over_http(tmp_path, configuration({"raw": raw_legacy})) as (_, url),
        session(url, {"authorization": f"Bearer {key}"}) as bob,
    ):
        refused = await bob.post(call(**CALL))
    assert refused.status_code == 403
    assert "insufficient_scope" in refused.headers["www-authenticate"]
