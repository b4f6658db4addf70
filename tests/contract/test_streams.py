"""Streams that a client lost, and answers that are long."""

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.policy.keys import KeyStore
from tests.contract.pairs import CLIENTS, RAW, Era, Pair, pairs
from tests.contract.requirements import requirement
from tests.contract.wire import wire
from tests.gateways.kit import configuration, over_http, plain_http
from tests.upstreams.messages import ACCEPT, events_of, initialize, legacy_request
from tests.upstreams.running import Running

PATIENCE = 10.0
THREE_MIB = 3 * 1024 * 1024


class Session:
    """A legacy session whose streams can be cut."""

    def __init__(self, url: str, http: httpx.AsyncClient, headers: Mapping[str, str]):
        self._url, self._http, self.headers = url, http, dict(headers)

    @asynccontextmanager
    async def call(self, id: int, tool: str, **arguments: Any) -> AsyncGenerator[AsyncGenerator[dict[str, str]]]:
        """The events of a call; leaving the block cuts the connection."""
        body = legacy_request("tools/call", id, name=tool, arguments=arguments)
        async with self._http.stream("POST", self._url, json=body, headers=self.headers) as open_:
            yield events_of(open_)

    async def taken_up(self, last: str, **headers: str) -> tuple[int, list[dict[str, str]]]:
        """Status and events, up to the first answer, of the stream that event `last` was on."""
        wanted = {**self.headers, "accept": "text/event-stream", "last-event-id": last, **headers}
        heard: list[dict[str, str]] = []
        async with asyncio.timeout(PATIENCE), self._http.stream("GET", self._url, headers=wanted) as open_:
            async for event in events_of(open_):
                heard.append(event)
                if event.get("data") and "result" in json.loads(event["data"]):
                    break
        return open_.status_code, heard


@asynccontextmanager
async def session(url: str, credential: Mapping[str, str] | None = None) -> AsyncGenerator[Session]:
    async with plain_http() as http:
        headers = {**ACCEPT, **(credential or {})}
        shaken = await http.post(url, json=initialize(), headers=headers)
        headers |= {"mcp-session-id": shaken.headers["mcp-session-id"], "mcp-protocol-version": "2025-11-25"}
        await http.post(url, json={"jsonrpc": "2.0", "method": "notifications/initialized"}, headers=headers)
        yield Session(url, http, headers)


def texts(events: list[dict[str, str]]) -> list[str]:
    """What the answers among these events say."""
    messages = [json.loads(event["data"]) for event in events if event.get("data")]
    return [message["result"]["content"][0]["text"] for message in messages if "result" in message]


@requirement("streams.resumed")
@pairs(RAW, clients=["legacy"])
async def test_a_stream_that_was_cut_in_mid_call_is_taken_up_and_the_call_ran_once(pair: Pair) -> None:
    async with session(pair.gateway.url) as client:
        async with client.call(7, pair.name("slow"), seconds=0.3) as events:
            first = await anext(events)
            await pair.upstream.wait_for("started", "slow")
        status, heard = await client.taken_up(first["id"])
        again = (await client.taken_up(first["id"]))[1]
    assert status == 200
    assert texts(heard) == texts(again) == ["0.3 seconds later"]
    assert len([entry for entry in pair.upstream.record() if entry["rpc"] == "tools/call"]) == 1


@requirement("streams.resumed")
async def test_what_was_heard_before_the_cut_is_not_told_again(tmp_path: Path, raw_legacy: Running) -> None:
    async with (
        over_http(tmp_path, configuration({"raw": raw_legacy})) as (_, url),
        session(url) as client,
    ):
        async with client.call(1, "raw_log", level="error", message="look") as events:
            heard = [event async for event in events]
        logged = next(event for event in heard if "notifications/message" in event.get("data", ""))
        _, rest = await client.taken_up(logged["id"])
    assert [event["data"] for event in rest if event.get("data")] == [heard[-1]["data"]]


@requirement("streams.resumed")
async def test_a_stream_is_nothing_in_another_sessions_or_callers_hands(tmp_path: Path, raw_legacy: Running) -> None:
    keys = KeyStore(tmp_path / "var")
    ada, eve = ({"authorization": f"Bearer {keys.create(name, ['*'])[1]}"} for name in ("ada", "eve"))
    async with (
        over_http(tmp_path, configuration({"raw": raw_legacy})) as (_, url),
        session(url, ada) as client,
        session(url, ada) as beside,
        session(url, eve) as other,
    ):
        async with client.call(1, "raw_log", level="error", message="secret") as events:
            first = await anext(events)
            assert texts([event async for event in events]) == ["logged"]
        for foreign in (beside, other):
            _, heard = await foreign.taken_up(first["id"])
            assert heard == []
        stolen, heard = await other.taken_up(first["id"], **{"mcp-session-id": client.headers["mcp-session-id"]})
        assert (stolen, heard) == (404, [])
        assert texts((await client.taken_up(first["id"]))[1]) == ["logged"]


@requirement("streams.long")
@pytest.mark.parametrize("era", CLIENTS)
@pytest.mark.parametrize("upstream", ["raw_modern", "raw_modern_json", "raw_legacy", "raw_legacy_json"])
async def test_an_answer_of_3_mib_comes_through(
    era: Era, upstream: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    raw: Running = request.getfixturevalue(upstream)
    text = "ä" * (THREE_MIB // 2)
    async with over_http(tmp_path, configuration({"raw": raw})) as (_, url), wire(url, era) as client:
        raw.control(fault="huge", on="tools/call", size=THREE_MIB)
        answer = (await client.call("raw_echo", text=text)).result
    assert answer["content"] == [{"type": "text", "text": text}]
    assert len(answer["_meta"]["com.example.raw/bloat"]) == THREE_MIB
