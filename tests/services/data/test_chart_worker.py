"""The worker that draws."""

from dataclasses import replace

import pytest

from services.data.job import Limits
from services.workers.engine import Engine
from services.workers.job import Refused

COLUMNS = [{"name": "region", "type": "VARCHAR"}, {"name": "n", "type": "BIGINT"}]
MODULE = "services.data.chart_worker"
MEMORY = 512_000_000
JOB = {"columns": COLUMNS, "rows": [["north", 1], ["south", 2]], "title": "", "form": "png"}


async def test_it_draws_one_chart_after_another_and_survives_a_refusal(limits: Limits) -> None:
    async with Engine(MODULE, replace(limits, memory_limit=MEMORY), 1) as painter:
        answer = await painter.run("chart", **JOB, wish={})
        assert answer.block.startswith(b"\x89PNG")
        assert answer.result["mark"] == "bar"
        with pytest.raises(Refused, match="not in the result"):
            await painter.run("chart", **JOB, wish={"x": "nowhere"})
        assert (await painter.run("chart", **JOB, wish={})).block == answer.block


async def test_a_picture_over_the_bound_is_refused(limits: Limits) -> None:
    async with Engine(MODULE, replace(limits, max_bytes=5_000, memory_limit=MEMORY), 1) as painter:
        with pytest.raises(Refused, match="larger than 5000 bytes"):
            await painter.run("chart", **JOB, wish={})


async def test_a_late_picture_ends_with_its_process(limits: Limits) -> None:
    async with Engine(MODULE, replace(limits, timeout=0.05), 1) as painter:
        with pytest.raises(Refused, match="no answer within"):
            await painter.run("chart", **JOB, wish={})
