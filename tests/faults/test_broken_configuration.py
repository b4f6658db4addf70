"""A broken configuration: the old one serves on, the reason is shown, and no call is dropped."""

import asyncio
import contextlib
import json
from collections import Counter
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from gateway.reload.control import ask
from tests.gateways.kit import Served, configuration, plain_http, served
from tests.upstreams.kit import Running
from tests.upstreams.messages import ACCEPT, LEGACY, initialize, legacy_call, messages_in, modern_call, modern_request

BROKEN = sorted(Path(__file__).with_name("data").joinpath("broken").iterdir())
CALLERS = 2  # of each era, at a service and at an upstream


@dataclass
class Load:
    """Calls without a pause, and what came of each."""

    url: str
    answers: Counter[str] = field(default_factory=Counter)
    over: asyncio.Event = field(default_factory=asyncio.Event)

    async def modern(self, http: httpx.AsyncClient, tool: str) -> None:
        while not self.over.is_set():
            body, headers = modern_call(tool, text="a")
            await self._once(http, body, headers)

    async def legacy(self, http: httpx.AsyncClient, tool: str) -> None:
        hello = await http.post(self.url, json=initialize(), headers=ACCEPT)
        session = ACCEPT | {"mcp-session-id": hello.headers["mcp-session-id"], "mcp-protocol-version": LEGACY}
        while not self.over.is_set():
            await self._once(http, legacy_call(tool, text="a"), session)

    async def _once(self, http: httpx.AsyncClient, body: dict[str, Any], headers: dict[str, str]) -> None:
        try:
            answer = await http.post(self.url, json=body, headers=headers)
            *_, message = messages_in(answer.headers["content-type"], answer.text)
            well = "result" in message and not message["result"].get("isError")
            self.answers["well" if well else answer.text[:200]] += 1
        except httpx.HTTPError as error:
            self.answers[repr(error)] += 1


@contextlib.asynccontextmanager
async def under_load(gateway: Served) -> AsyncGenerator[Load]:
    load = Load(gateway.url)
    async with plain_http() as http, asyncio.TaskGroup() as callers:
        for _ in range(CALLERS):
            for tool in ("own_shout", "raw_echo"):
                callers.create_task(load.modern(http, tool))
                callers.create_task(load.legacy(http, tool))
        yield load
        load.over.set()


async def reloaded(gateway: Served) -> dict[str, Any]:
    (outcome,) = await asyncio.to_thread(ask, gateway.folder / "var", "reload")
    return outcome


async def status(gateway: Served) -> dict[str, Any]:
    body, headers = modern_request("resources/read", uri="status://system")
    async with plain_http() as http:
        answer = await http.post(gateway.url, json=body, headers=headers)
    *_, message = messages_in(answer.headers["content-type"], answer.text)
    return json.loads(message["result"]["contents"][0]["text"])["configuration"]


async def test_thirty_broken_files_under_load_drop_no_call(tmp_path: Path, raw_legacy: Running):
    assert len(BROKEN) >= 30
    good = configuration({"raw": raw_legacy})
    file = tmp_path / "gateway.toml"
    with served(tmp_path, good) as gateway:
        async with under_load(gateway) as load:
            for broken in BROKEN:
                file.write_bytes(broken.read_bytes())
                outcome = await reloaded(gateway)
                assert not outcome["well"], broken.name
                assert outcome["faults"], broken.name
                assert (await status(gateway))["faults"] == outcome["faults"]
            file.write_text(good)
            assert (await reloaded(gateway))["well"]
        logged = gateway.lines(event="configuration not applied: the old one serves on")
        assert len(logged) >= len(BROKEN)
    assert load.answers.keys() == {"well"}
    assert load.answers["well"] >= len(BROKEN)


async def test_good_changes_under_load_drop_no_call_and_unchanged_upstreams_keep_their_sessions(
    tmp_path: Path, raw_legacy: Running, raw_modern: Running
):
    with served(tmp_path, configuration({"raw": raw_legacy, "more": raw_modern})) as gateway:
        async with under_load(gateway) as load:
            for number in range(10):
                more = f"deadline = {20 + number}.0\n" + ("[services.data]" if number % 2 else "")
                (tmp_path / "gateway.toml").write_text(configuration({"raw": raw_legacy, "more": raw_modern}, more))
                outcome = await reloaded(gateway)
                assert outcome["well"], outcome
        assert load.answers.keys() == {"well"}
    opened = [entry for entry in raw_legacy.record() if entry["rpc"] == "initialize"]
    # one to ask what it offers, and one for each of the callers, whose sessions are their own
    assert len(opened) <= 1 + CALLERS + 1


async def test_a_changed_upstream_under_load_drops_no_call(tmp_path: Path, raw_legacy: Running, raw_modern: Running):
    with served(tmp_path, configuration({"raw": raw_legacy})) as gateway:
        async with under_load(gateway) as load:
            for number in range(10):
                upstream = (raw_modern, raw_legacy)[number % 2]
                (tmp_path / "gateway.toml").write_text(configuration({"raw": upstream}))
                outcome = await reloaded(gateway)
                assert outcome["well"], outcome
        assert load.answers.keys() == {"well"}
    called = {url: upstream.record() for url, upstream in (("legacy", raw_legacy), ("modern", raw_modern))}
    assert all(any(entry["rpc"] == "tools/call" for entry in record) for record in called.values())
