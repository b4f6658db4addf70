"""Faults on purpose, in the session of a real upstream."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from gateway.config.model import UpstreamConfig
from gateway.errors import UpstreamLost
from gateway.model.chaos import Chaos
from gateway.upstream.chaos import Disturbance
from gateway.upstream.http_wire import UpstreamHttpError
from gateway.upstream.listener import SILENT
from gateway.upstream.session import Session
from gateway.upstream.sharing import Caller
from gateway.upstream.upstream import Upstream
from tests.upstreams.kit import Running

ECHO = {"name": "echo", "arguments": {"text": "a"}}


@asynccontextmanager
async def disturbed(
    folder: Path, running: Running, chaos: Chaos, **drawn: Callable[[], float]
) -> AsyncGenerator[tuple[Session, Disturbance]]:
    """A session of an upstream, disturbed; `drawn` are its chance and clock."""
    upstream = Upstream("raw", UpstreamConfig(url=running.url), folder)
    disturbance = upstream.disturbance = Disturbance("raw", chaos, **drawn)
    try:
        async with upstream.session(Caller("anyone"), {}) as session:
            yield session, disturbance
    finally:
        await upstream.close()


async def call(session: Session) -> dict[str, Any]:
    return await session.request("tools/call", ECHO, SILENT, {})


def ran(running: Running) -> int:
    return [entry["rpc"] for entry in running.record()].count("tools/call")


async def test_errors_are_those_of_a_real_one_and_nothing_is_sent(raw_modern: Running, tmp_path: Path):
    async with disturbed(tmp_path, raw_modern, Chaos(errors=1.0)) as (session, disturbance):
        with pytest.raises(UpstreamHttpError, match="answered HTTP 500") as error:
            await call(session)
    assert error.value.status == 500
    assert disturbance.met == {"error": 1}
    assert ran(raw_modern) == 0


async def test_what_is_cut_off_ran(raw_legacy: Running, tmp_path: Path):
    async with disturbed(tmp_path, raw_legacy, Chaos(cuts=1.0)) as (session, _):
        with pytest.raises(UpstreamLost, match=r"cut by `gateway chaos`\. It is not known whether the call ran"):
            await call(session)
    assert ran(raw_legacy) == 1


async def test_what_hangs_ends_with_its_caller_only(raw_modern: Running, tmp_path: Path):
    async with disturbed(tmp_path, raw_modern, Chaos(hangs=1.0)) as (session, _):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await call(session)
    assert ran(raw_modern) == 0


async def test_a_call_waits_first(raw_modern: Running, tmp_path: Path):
    async with disturbed(tmp_path, raw_modern, Chaos(latency=0.2)) as (session, _):
        began = asyncio.get_running_loop().time()
        assert (await call(session))["content"][0]["text"] == "a"
        assert asyncio.get_running_loop().time() - began >= 0.2


async def test_each_call_meets_with_one_fault_at_most_by_its_share(raw_modern: Running, tmp_path: Path):
    numbers = iter([0.0, 0.09, 0.11, 0.29, 0.31, 0.99])
    chaos = Chaos(errors=0.1, cuts=0.2)
    came = []
    async with disturbed(tmp_path, raw_modern, chaos, chance=lambda: next(numbers)) as (session, disturbance):
        for _ in range(6):
            try:
                await call(session)
                came.append("")
            except (UpstreamHttpError, UpstreamLost) as error:
                came.append(error.kind)
    assert came == ["upstream_failed"] * 2 + ["upstream_lost"] * 2 + [""] * 2
    assert disturbance.state() == {
        "does": "10% of calls fail, 20% of calls are cut off",
        "met": {"error": 2, "cut": 2},
    }


async def test_tools_change_and_change_back(raw_modern: Running, tmp_path: Path):
    now = [0.0]
    async with disturbed(tmp_path, raw_modern, Chaos(changed_tools=10.0), clock=lambda: now[0]) as (session, _):
        listed = []
        for now[0] in (0.0, 9.9, 10.0, 19.9, 20.0):
            tools = (await session.request("tools/list", {}, SILENT, {}))["tools"]
            listed.append({tool["name"]: tool.get("description") for tool in tools})
    usual, same, other, still, back = listed
    assert usual == same == back
    assert other == still
    assert list(other) == list(usual)[::2]
    assert set(other.values()) == {"Changed by `gateway chaos`."}


@pytest.mark.parametrize("lists", [False, True])
async def test_lists_are_spared_unless_they_are_named(raw_modern: Running, tmp_path: Path, lists: bool):
    async with disturbed(tmp_path, raw_modern, Chaos(errors=1.0, lists=lists)) as (session, disturbance):
        for method in ("tools/list", "server/discover"):
            try:
                await session.request(method, {}, SILENT, {})
            except UpstreamHttpError:
                assert method == "tools/list"
    assert disturbance.met.total() == int(lists)


def test_it_is_said_in_the_log(caplog: pytest.LogCaptureFixture):
    Disturbance("raw", Chaos(latency=1.0)).tell()
    assert caplog.messages == ["CHAOS: upstream raw is disturbed on purpose: calls wait 1 s"]
