"""SIGTERM under load: what runs is answered, whoever it was sent by, and the process ends well and in time."""

import asyncio
import os
import signal
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.cli.running import PATIENCE, Up, up
from tests.gateways.kit import configuration, written
from tests.upstreams.kit import Running
from tests.upstreams.messages import ACCEPT, LEGACY, initialize, legacy_call, messages_in, modern_call

IN_FLIGHT = 200
SESSIONS = 10
AT_ONCE = 50  # a system takes only so many connections before somebody accepts them


def client(*, keep_alive: bool = True) -> httpx.AsyncClient:
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None if keep_alive else 0)
    return httpx.AsyncClient(verify=False, timeout=PATIENCE, limits=limits)


async def session(http: httpx.AsyncClient, url: str) -> dict[str, str]:
    hello = await http.post(url, json=initialize(), headers=ACCEPT)
    return ACCEPT | {"mcp-session-id": hello.headers["mcp-session-id"], "mcp-protocol-version": LEGACY}


async def final(http: httpx.AsyncClient, url: str, body: dict[str, Any], headers: dict[str, str]) -> dict[str, Any]:
    """The one answer of a call."""
    answer = await http.post(url, json=body, headers=headers)
    answers = [
        each for each in messages_in(answer.headers["content-type"], answer.text) if each.get("id") == body["id"]
    ]
    assert len(answers) == 1
    return answers[0]


def said(answer: dict[str, Any]) -> str:
    return answer["error"]["data"]["kind"] if "error" in answer else answer["result"]["content"][0]["text"]


async def all_started(upstream: Running, calls: Sequence[asyncio.Task[dict[str, Any]]]) -> None:
    try:
        await upstream.wait_for("started", "slow", count=len(calls), deadline=PATIENCE)
    except TimeoutError:
        answers = [call.exception() or call.result() for call in calls if call.done()]
        odd = [answer for answer in answers if isinstance(answer, BaseException) or "error" in answer]
        raise AssertionError(f"not all calls began; {len(odd)} of {len(answers)} that ended failed: {odd}") from None


@pytest.mark.parametrize("express", ["true", "false"])
async def test_two_hundred_calls_of_both_eras_are_answered(tmp_path: Path, raw_modern: Running, express: str):
    written(tmp_path, configuration({"raw": raw_modern}))
    with up(tmp_path, GATEWAY__SERVER__EXPRESS=express, GATEWAY__LOG__LEVEL="WARNING") as process:
        async with client() as http:
            sessions = [await session(http, process.url) for _ in range(SESSIONS)]
            calls = []
            for number in range(IN_FLIGHT // 2):
                body, headers = modern_call("raw_slow", number, seconds=8.0)
                calls.append(asyncio.create_task(final(http, process.url, body, headers)))
                body = legacy_call("raw_slow", number, seconds=8.0)
                calls.append(asyncio.create_task(final(http, process.url, body, sessions[number % SESSIONS])))
                if len(calls) % AT_ONCE == 0:
                    await all_started(raw_modern, calls)
            process.send(signal.SIGTERM)
            began = time.monotonic()
            answers = Counter(said(answer) for answer in await asyncio.gather(*calls))
        assert await asyncio.to_thread(process.ended) == 0
        assert time.monotonic() - began <= 25
    assert answers == {"8.0 seconds later": IN_FLIGHT}
    assert "Traceback" not in process.said


@pytest.mark.parametrize("express", ["true", "false"])
async def test_who_would_be_cut_off_is_told_before(tmp_path: Path, raw_modern: Running, express: str):
    written(tmp_path, configuration({"raw": raw_modern}, "[server]\ngrace = 3"))
    with up(tmp_path, GATEWAY__SERVER__EXPRESS=express) as process:
        async with client() as http:
            body, headers = modern_call("raw_slow", seconds=25.0)
            modern = asyncio.create_task(final(http, process.url, body, headers))
            old = await session(http, process.url)
            legacy = asyncio.create_task(final(http, process.url, legacy_call("raw_slow", seconds=25.0), old))
            await raw_modern.wait_for("started", "slow", count=2, deadline=PATIENCE)
            process.send(signal.SIGTERM)
            answers = await asyncio.gather(modern, legacy)
        assert await asyncio.to_thread(process.ended) == 0
    assert [said(answer) for answer in answers] == ["stopping", "stopping"]
    assert "timeout graceful shutdown exceeded" not in process.said
    assert "Traceback" not in process.said


async def until_it_refuses(http: httpx.AsyncClient, process: Up) -> Counter[tuple[int, int, bool]]:
    """Ask without a pause, each time on a connection of its own, until none is taken any more.

    What each time came to: the status of `/healthz`, that of `/readyz`, and whether a call went well.
    """
    seen: Counter[tuple[int, int, bool]] = Counter()
    origin = process.url.removesuffix("/mcp")
    body, headers = modern_call("raw_echo", text="x")
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                health, ready = [(await http.get(origin + path)).status_code for path in ("/healthz", "/readyz")]
                answer = await final(http, process.url, body, headers)
            except httpx.TransportError:
                return seen
            seen[health, ready, said(answer) == "x"] += 1


@pytest.mark.parametrize("workers", [1, 2])
async def test_it_is_seen_to_be_unready_before_it_takes_no_calls(tmp_path: Path, raw_modern: Running, workers: int):
    more = f"[server]\ndrain_delay = 1.5\nworkers = {workers}"
    written(tmp_path, configuration({"raw": raw_modern}, more))
    with up(tmp_path) as process:
        async with client(keep_alive=False) as http:
            body, headers = modern_call("raw_slow", seconds=3.0)
            running = asyncio.create_task(final(http, process.url, body, headers))
            await raw_modern.wait_for("started", "slow", deadline=PATIENCE)
            assert (await http.get(process.url.replace("/mcp", "/readyz"))).status_code == 200
            process.send(signal.SIGTERM)
            began = time.monotonic()
            seen = await until_it_refuses(http, process)
            assert time.monotonic() - began >= 1.4
            assert said(await running) == "3.0 seconds later"
        assert await asyncio.to_thread(process.ended) == 0
    print(f"after the signal: {dict(seen)}")
    assert seen[200, 503, True] > 5
    assert seen.keys() <= {(200, 503, True), (200, 200, True)}  # the signal may take a moment to come
    assert seen[200, 200, True] <= seen[200, 503, True]


async def test_a_second_signal_ends_the_delay_too(tmp_path: Path):
    written(tmp_path, "[server]\ndrain_delay = 600")
    with up(tmp_path) as process:
        async with client() as http:
            process.send(signal.SIGTERM)
            await unready(http, process.url.replace("/mcp", "/readyz"))
        process.send(signal.SIGTERM)
        began = time.monotonic()
        await asyncio.to_thread(process.ended)
        assert time.monotonic() - began < 10


async def unready(http: httpx.AsyncClient, url: str) -> None:
    async with asyncio.timeout(PATIENCE):
        while (await http.get(url)).status_code == 200:
            pass


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_second_signal_ends_it_at_once(tmp_path: Path, raw_modern: Running, number: signal.Signals):
    written(tmp_path, configuration({"raw": raw_modern}, "[server]\ngrace = 600"))
    with up(tmp_path) as process:
        async with client() as http:
            body, headers = modern_call("raw_slow", seconds=29.0)
            call = asyncio.create_task(http.post(process.url, json=body, headers=headers))
            await raw_modern.wait_for("started", "slow", deadline=PATIENCE)
            process.send(signal.SIGTERM)
            process.wait_for("Shutting down")
            process.send(number)
            began = time.monotonic()
            await asyncio.to_thread(process.ended)
            assert time.monotonic() - began < 10
            await asyncio.gather(call, return_exceptions=True)
    assert os.listdir(tmp_path / "var" / "control") == []
