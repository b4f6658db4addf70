"""Calls that run now are waited for, and no later one."""

import asyncio

from gateway.running import Running


async def started(running: Running, namespace: str) -> asyncio.Task[None]:
    task = asyncio.create_task(running.ended(namespace))
    await asyncio.sleep(0)
    return task


async def test_only_calls_to_that_namespace_that_run_now_are_waited_for():
    running = Running()
    first, other = running.enter("raw"), running.enter("other")
    waiting = await started(running, "raw")
    second = running.enter("raw")
    assert running.total == 3
    assert not waiting.done()
    running.leave(first)
    await waiting
    later = await started(running, "raw")
    assert not later.done()
    running.leave(second)
    await later
    running.leave(other)
    assert running.total == 0


async def test_where_nothing_runs_nothing_is_waited_for():
    running = Running()
    await running.ended("raw")
    running.leave(running.enter("raw"))
    await running.ended("raw")
    assert running.total == 0
