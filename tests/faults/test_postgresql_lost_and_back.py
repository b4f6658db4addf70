"""PostgreSQL lost and back: calls fail at once and say why, others go on, and the pool is well again soon."""

import asyncio
import time
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from tests.contract.pairs import Era
from tests.contract.wire import wire
from tests.faults.load import Load, Outcome
from tests.faults.postgresql import postgresql
from tests.gateways.kit import configuration, over_http

FAILS_SECONDS = 1.0
BUSY_SECONDS = 5.0
"""What a single call may take to fail on a machine that is busy with other things; one that hangs takes 30."""
RECOVERS_SECONDS = 5.0
PATIENCE = 30.0


def is_well(outcome: Outcome) -> bool:
    return "result" in outcome.answer and not outcome.answer["result"].get("isError")


def words(answer: dict[str, Any]) -> str:
    return answer["result"]["content"][0]["text"]


@pytest.mark.parametrize("era", ["modern", "legacy"])
async def test_postgresql_lost_and_back(era: Era, tmp_path: Path) -> None:
    with postgresql() as server:
        text = configuration({}, f'[services.database]\nurl = "{server.url}"\nseed = true')
        async with over_http(tmp_path, text) as (_, url), wire(url, era) as client, wire(url, era) as other:

            async def read(_: int) -> Any:
                return (await client.call("database_query", table="users")).final

            async def shout(_: int) -> Any:
                return (await other.call("own_shout", text="x")).final

            async with Load(read, at_once=4) as load, Load(shout) as beside:
                await load.outcome(is_well, PATIENCE)
                await asyncio.to_thread(server.die)
                lost = time.monotonic()
                first = await load.outcome(lambda outcome: not is_well(outcome), PATIENCE)
                for _ in range(20):
                    failed = await load.outcome(lambda outcome: outcome.began > lost, PATIENCE)
                    assert not is_well(failed)
                await asyncio.to_thread(server.come_back)
                back = time.monotonic()
                again = await load.outcome(is_well, PATIENCE)
    failures = [outcome for outcome in load.outcomes if not is_well(outcome)]
    slowest, usual = max(outcome.seconds for outcome in failures), median(outcome.seconds for outcome in failures)
    print(f"{len(failures)} failed after {usual:.2f} s, the slowest after {slowest:.2f} s")
    print(f"well again after {again.ended - back:.2f} s")
    assert usual < FAILS_SECONDS
    assert slowest < BUSY_SECONDS
    assert again.ended - back < RECOVERS_SECONDS
    assert all(is_well(outcome) for outcome in load.outcomes if outcome.began > again.ended)
    assert "cannot be reached" in words(first.answer) or "the connection" in words(first.answer)
    assert all(is_well(outcome) for outcome in beside.outcomes)


async def test_postgresql_not_there_at_the_start(tmp_path: Path) -> None:
    with postgresql() as server:
        await asyncio.to_thread(server.die)
        text = configuration({}, f'[services.database]\nurl = "{server.url}"')
        async with over_http(tmp_path, text) as (_, url), wire(url, "modern") as client:
            answer = await client.call("database_schema")
            assert answer.result["isError"]
            assert "cannot be reached" in words(answer.final)
            await asyncio.to_thread(server.come_back)
            assert not (await client.call("database_schema")).result.get("isError")
