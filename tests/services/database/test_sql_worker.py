"""The worker of the tool `sql`: it answers whatever it is sent, and its end is nobody else's."""

import pytest

from services.database.databases import WORKER
from services.workers.engine import Engine
from services.workers.job import Limits, Refused

LIMITS = Limits(timeout=20, max_bytes=100_000, memory_limit=2**26)


async def test_statements_are_checked_and_their_errors_said():
    async with Engine(WORKER, LIMITS, 1) as worker:
        assert (await worker.run("check", sql="SELECT 1;")).result == {"sql": "SELECT 1"}
        with pytest.raises(Refused, match="Only statements that read"):
            await worker.run("check", sql="DROP TABLE x")


async def test_a_file_that_is_not_there_is_said(tmp_path):
    async with Engine(WORKER, LIMITS, 1) as worker:
        with pytest.raises(Refused, match="cannot be opened"):
            await worker.run("run", sql="SELECT 1", path=str(tmp_path / "none.db"), max_rows=1)
        assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("deep", ["(", "NOT ", "- ", "CASE WHEN ", "[", "SELECT * FROM (", "x'"])
async def test_nesting_is_refused_or_ends_the_worker_and_the_next_job_is_well(deep: str):
    async with Engine(WORKER, LIMITS, 1) as worker:
        with pytest.raises(Refused):
            await worker.run("check", sql=("SELECT " + deep * 20_000)[:20_000])
        assert (await worker.run("check", sql="SELECT 1")).result == {"sql": "SELECT 1"}
