"""Calls that run now are waited for, and no later one."""

import asyncio
from contextlib import ExitStack

import pytest

from gateway.running import Running


async def started(running: Running, namespace: str) -> asyncio.Task[None]:
    task = asyncio.create_task(running.ended(namespace))
    await asyncio.sleep(0)
    return task


async def test_only_calls_to_that_namespace_that_run_now_are_waited_for():
    running = Running()
    with ExitStack() as first, running.one("other"):
        first.enter_context(running.one("raw"))
        waiting = await started(running, "raw")
        with running.one("raw"):
            assert running.total == 3
            assert not waiting.done()
            first.close()
            await waiting
            later = await started(running, "raw")
            assert not later.done()
        await later
    assert running.total == 0


async def test_where_nothing_runs_nothing_is_waited_for():
    running = Running()
    await running.ended("raw")
    with pytest.raises(ValueError, match="failed"), running.one("raw"):
        raise ValueError("failed")
    await running.ended("raw")
    assert running.total == 0
