"""A stdio child crashes, hangs, floods stdout or stderr: only its own calls learn of it, and nothing of it stays."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import median

import psutil
import pytest

from gateway.errors import (
    UpstreamDown,
    UpstreamError,
    UpstreamLost,
    UpstreamSuspended,
    UpstreamTimeout,
    UpstreamTooLarge,
)
from gateway.upstream import restarts
from gateway.upstream.listener import SILENT
from gateway.upstream.upstream import Upstream
from tests.faults.kit import until
from tests.upstream.fronts import ADA, NAMESPACE, Front, config_for, text_of
from tests.upstreams.kit import Command, raw_stdio

CALLS = 100
# A call takes half a millisecond. On a machine that does other things beside, it may take some more at any time.
UNREST_SECONDS = 0.01
MIB = 2**20


@asynccontextmanager
async def fronted(command: Command, folder: Path, **more: float) -> AsyncGenerator[Front]:
    """`command` behind the gateway, asked for what it offers."""
    with command:
        upstream = Upstream(NAMESPACE, config_for(command, **more), folder / command.record_path.name)
        await upstream.start()
        await upstream.first_round()
        try:
            yield Front(upstream, command)
        finally:
            await upstream.close()


@pytest.fixture
async def bad(tmp_path: Path) -> AsyncGenerator[Front]:
    """The one that is going to misbehave."""
    async with fronted(raw_stdio(tmp_path, name="bad"), tmp_path, deadline=20) as front:
        yield front


@pytest.fixture
async def calm(tmp_path: Path) -> AsyncGenerator[Front]:
    """One that does nothing wrong, and must not suffer."""
    async with fronted(raw_stdio(tmp_path, name="calm"), tmp_path) as front:
        yield front


GONE_SECONDS = 5.0
"""A process that is no child of ours tells nobody that it ended, so it is looked for again and again."""


async def latencies(front: Front) -> list[float]:
    """Seconds that each of `CALLS` calls took."""
    took = []
    for _ in range(CALLS):
        began = time.perf_counter()
        assert text_of(await front.call("echo", text="well")) == "well"
        took.append(time.perf_counter() - began)
    return took


def is_alive(pid: int) -> bool:
    """Whether it still runs; a zombie does not, and one of a child's children is for the system to fetch."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def left_behind(error: UpstreamLost) -> int:
    """The process that a child which leaves one says that it left."""
    return int(error.reason.partition("it said: left ")[2].split()[0])


def rss() -> int:
    return psutil.Process().memory_info().rss


@pytest.mark.parametrize("fault", ["hang", "flood", "flood_stderr", "endless", "huge"])
async def test_others_do_not_notice(bad, calm, fault):
    await latencies(calm)  # warm
    alone, before = await latencies(calm), rss()
    bad.target.control(fault=fault, on="tools/call", size=48 * MIB)
    call = asyncio.create_task(bad.call("echo", text="x"))
    await bad.target.wait_for("request", "echo")
    beside = await latencies(calm)
    grown = rss() - before
    call.cancel()
    await asyncio.wait([call])
    assert median(beside) <= 1.2 * median(alone) + UNREST_SECONDS
    assert max(beside) < 1.0
    assert grown <= 64 * MIB


async def test_an_answer_that_is_too_long_fails_its_own_call(bad):
    pid = bad.target.alive()
    bad.target.control(fault="huge", on="tools/call", size=48 * MIB, times=1)
    with pytest.raises(UpstreamTooLarge) as failure:
        await bad.call("echo", text="x")
    assert failure.value.reason.startswith("answered with a line longer than its max_body.")
    assert text_of(await bad.call("echo", text="next")) == "next"
    assert bad.target.alive() == pid


async def test_a_line_without_end_ends_the_child(bad):
    bad.target.control(fault="endless", on="tools/call")
    with pytest.raises(UpstreamTooLarge, match="sent a line without end and was stopped"):
        await bad.call("echo", text="x")
    bad.target.control()
    await until(lambda: bad.target.alive() == [], GONE_SECONDS)
    assert text_of(await bad.call("echo", text="next")) == "next"


async def test_a_child_that_hangs_costs_its_caller_the_deadline(tmp_path):
    async with fronted(raw_stdio(tmp_path), tmp_path, deadline=0.5) as front:
        front.target.control(fault="hang", on="tools/call", times=1)
        began = time.monotonic()
        with pytest.raises(UpstreamTimeout):
            await front.call("echo", text="x")
        assert time.monotonic() - began < 1.0
        assert text_of(await front.call("echo", text="next")) == "next"


async def test_every_call_that_runs_in_a_crash_gets_one_answer(bad):
    bad.target.control(fault="hang", on="tools/call")
    calls = [asyncio.create_task(bad.call("slow", seconds=60)) for _ in range(10)]
    await bad.target.wait_for("request", "slow", count=10)
    [pid] = bad.target.alive()
    psutil.Process(pid).kill()
    done, waiting = await asyncio.wait(calls, timeout=5)
    assert not waiting
    reasons = {str(each.exception()) for each in done}
    assert all(isinstance(each.exception(), UpstreamLost) for each in done)
    assert reasons == {"Upstream 'raw' went away (exit status -9). It is not known whether the call ran."}
    assert len([each for each in bad.target.record() if each["name"] == "slow"]) == 10


async def test_what_a_child_left_behind_goes_with_it_although_nobody_calls(bad):
    bad.target.control(fault="leave_child", on="tools/call")
    began = time.monotonic()
    with pytest.raises(UpstreamLost, match="exit status 70") as failure:
        await bad.call("image")
    assert time.monotonic() - began < 5  # although what it left keeps its pipes open
    await until(lambda: not is_alive(left_behind(failure.value)), GONE_SECONDS)


async def crash(front: Front) -> UpstreamLost:
    """One call at which the child crashes, past the gate that would soon let none through."""
    with pytest.raises(UpstreamLost, match="exit status 70") as failure:
        async with front.upstream.session(ADA, {}) as session:
            await session.request("tools/call", {"name": "echo", "arguments": {"text": "x"}}, SILENT, {})
    return failure.value


async def test_twenty_crashes_leave_nothing_behind(bad, monkeypatch):
    monkeypatch.setattr(restarts, "BACKOFF_SECONDS", (0.0,))
    monkeypatch.setattr(restarts, "REST_SECONDS", (0.0,))
    bad.target.control(fault="leave_child", on="tools/call")
    gateway, files, left = psutil.Process(), [], []
    for _ in range(20):
        left.append(left_behind(await crash(bad)))
        files.append(gateway.num_fds())
    await until(lambda: not any(is_alive(pid) for pid in left) and bad.target.alive() == [], GONE_SECONDS)
    assert len(set(left)) == 20
    assert [each for each in gateway.children() if each.status() == psutil.STATUS_ZOMBIE] == []
    # One file for each crash would be nineteen more; what else this process does may have opened one meanwhile.
    await until(lambda: gateway.num_fds() < files[0] + 5, GONE_SECONDS)


async def test_one_that_crashes_at_every_call_is_soon_left_alone(bad, monkeypatch):
    monkeypatch.setattr(restarts, "BACKOFF_SECONDS", (0.05,))
    bad.target.control(fault="close_before", on="tools/call")
    for _ in range(5):
        await crash(bad)
    with pytest.raises(UpstreamError):
        await bad.call("image")  # the keeper may have begun a start before the fifth end was known
    started = len(bad.target.pids())
    for _ in range(20):
        with pytest.raises((UpstreamDown, UpstreamSuspended), match="times in a row"):
            await bad.call("image")
    assert len(bad.target.pids()) == started
