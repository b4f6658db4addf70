"""The engine from outside: answers, deadlines, cancelled jobs, and processes that end."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from time import perf_counter

import anyio
import psutil
import pytest

from services.data.job import WORKER, Limits
from services.workers.engine import Engine
from services.workers.job import Refused

ENDLESS = "SELECT count(*) FROM range(10000000000000)"
CROSS_JOIN = "SELECT sum(a.range * b.range) FROM range(10000000) a, range(10000000) b"
ONE_VALUE = "SELECT levenshtein(repeat('a', 100000), repeat('b', 100000))"  # DuckDB does not interrupt this one

Workers = Callable[[], set[int]]


async def test_one_worker_serves_jobs_one_after_another(limits: Limits, workers: Workers) -> None:
    async with Engine(WORKER, limits, workers=2) as engine:
        first = await engine.run("query", sql="SELECT 1")
        kept = workers()
        await engine.run("profile", dataset="fruit")
        assert workers() == kept
        assert len(kept) == 1
    assert first.result["rows"] == [[1]]
    assert workers() == set()


async def test_no_more_workers_than_allowed(limits: Limits, workers: Workers) -> None:
    async with Engine(WORKER, limits, workers=2) as engine:
        answers = await asyncio.gather(*(engine.run("query", sql=f"SELECT {number}") for number in range(6)))
        assert len(workers()) == 2
    assert [answer.result["rows"] for answer in answers] == [[[number]] for number in range(6)]


async def test_a_refusal_keeps_the_worker(limits: Limits, workers: Workers) -> None:
    async with Engine(WORKER, limits, workers=1) as engine:
        await engine.run("query", sql="SELECT 1")
        kept = workers()
        with pytest.raises(Refused, match="not a data set"):
            await engine.run("query", sql="FROM nowhere")
        assert workers() == kept


@pytest.mark.parametrize("sql", [ENDLESS, CROSS_JOIN, ONE_VALUE])
async def test_a_late_job_is_stopped_at_the_deadline_with_its_process(
    limits: Limits, sql: str, workers: Workers
) -> None:
    async with Engine(WORKER, replace(limits, timeout=1), workers=1) as engine:
        began = perf_counter()
        with pytest.raises(Refused, match="no answer within 1 s"):
            await engine.run("query", sql=sql)
        assert perf_counter() - began < 1.5
        assert workers() == set()


async def test_waiting_for_a_worker_counts(limits: Limits) -> None:
    async with Engine(WORKER, replace(limits, timeout=1), workers=1) as engine:
        began = perf_counter()
        answers = await asyncio.gather(*(engine.run("query", sql=ENDLESS) for _ in range(3)), return_exceptions=True)
        assert perf_counter() - began < 1.5
    assert [type(answer) for answer in answers] == [Refused] * 3


async def test_a_cancelled_job_takes_its_process_with_it(limits: Limits, workers: Workers) -> None:
    async with Engine(WORKER, limits, workers=1) as engine:
        await engine.run("query", sql="SELECT 1")
        job = asyncio.create_task(engine.run("query", sql=ENDLESS))
        await asyncio.sleep(0)  # one turn of the loop, which hands the job to the waiting worker
        job.cancel()
        with pytest.raises(asyncio.CancelledError):
            await job
        assert workers() == set()
        assert (await engine.run("query", sql="SELECT 2")).result["rows"] == [[2]]


async def test_a_job_in_a_cancelled_scope_takes_its_process_with_it(limits: Limits, workers: Workers) -> None:
    async with Engine(WORKER, limits, workers=1) as engine:
        with anyio.move_on_after(0.5) as scope:
            await engine.run("query", sql=ENDLESS)
        assert scope.cancelled_caught
        assert workers() == set()


async def test_a_query_that_takes_all_memory_harms_nobody(limits: Limits, workers: Workers) -> None:
    async with Engine(WORKER, limits, workers=1) as engine:
        with pytest.raises(Refused, match="more memory than it may use"):
            await engine.run("query", sql="SELECT list_sum(range(1000000000))")
        assert workers() == set()
        assert (await engine.run("query", sql="SELECT 2")).result["rows"] == [[2]]


async def test_a_worker_that_dies_in_a_job_is_reported_and_replaced(limits: Limits, workers: Workers) -> None:
    async with Engine(WORKER, limits, workers=1) as engine:
        await engine.run("query", sql="SELECT 1")
        job = asyncio.create_task(engine.run("query", sql=ENDLESS))
        await asyncio.sleep(0)
        psutil.Process(workers().pop()).kill()
        with pytest.raises(Refused, match="work stopped"):
            await job
        assert (await engine.run("query", sql="SELECT 2")).result["rows"] == [[2]]


async def test_outside_its_context_it_keeps_no_worker(limits: Limits, workers: Workers) -> None:
    engine = Engine(WORKER, limits, workers=1)
    assert (await engine.run("query", sql="SELECT 1")).result["rows"] == [[1]]
    assert workers() == set()
