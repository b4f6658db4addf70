"""Upstreams that answer another request, twice, not at all, half, or without end: nobody else feels it."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from pathlib import Path

import pytest

from tests.conftest import Keep, well
from tests.contract.pairs import Era
from tests.contract.wire import Answer, Wire, wire
from tests.faults.kit import MANY, as_before, p99
from tests.gateways.kit import configuration, over_http
from tests.upstreams.kit import Command, Running, raw_http, raw_stdio

RIGHT = 0
LINE = 100 * 1024 * 1024
LOST, BROKEN, TOO_LARGE, LATE = 50205, 50202, 50204, 50401

# What a call comes to, by the fault; RIGHT where it has its answer all the same.
SSE = {"wrong_id": BROKEN, "twice": RIGHT, "no_answer": LOST, "half_answer": LOST, "cut": LOST, "endless": TOO_LARGE}
JSON = {**SSE, "twice": BROKEN, "half_answer": BROKEN}
PIPE = {"wrong_id": LATE, "twice": RIGHT, "no_answer": LATE, "half_answer": LATE, "cut": LOST}
KINDS: Mapping[str, tuple[Era, str, Mapping[str, int]]] = {
    "modern": ("modern", "sse", SSE),
    "modern-json": ("modern", "json", JSON),
    "session": ("legacy", "sse", SSE),
    "session-json": ("legacy", "json", JSON),
    "pipe": ("modern", "stdio", PIPE),
    "legacy-pipe": ("legacy", "stdio", PIPE),
}


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def bad(kind: str, keep: Keep, tmp_path: Path) -> Running | Command:
    era, answer, _ = KINDS[kind]
    if answer == "stdio":
        return raw_stdio(tmp_path, era=era)
    return well(keep(raw_http(era=era, answer="json" if answer == "json" else "sse")))


@pytest.fixture(params=["true", "false"], ids=["express", "main"])
async def client(
    request: pytest.FixtureRequest, bad: Running | Command, raw_both: Running, tmp_path: Path
) -> AsyncGenerator[Wire]:
    """Of a gateway with these doors, where two calls to the bad upstream may run at once and none may wait."""
    deadline = 1.0 if isinstance(bad, Command) else 5.0  # which only those over stdio come to
    keys = f"deadline = {deadline}\nmax_in_flight = 2\nmax_queue = 0\n[server]\nexpress = {request.param}"
    text = configuration({"well": raw_both, "bad": bad}, keys)
    async with over_http(tmp_path, text) as (_, url), wire(url, "modern") as client:
        yield client


def outcome(answer: Answer) -> int:
    return answer.error["code"] if "error" in answer.final else RIGHT


async def test_an_odd_answer_is_that_calls_alone(kind: str, client: Wire, bad: Running | Command) -> None:
    """As many at once as may run: one that kept its place would leave none for those after it."""
    came = {}
    for fault in KINDS[kind][2]:
        bad.control(fault=fault, on="tools/call", size=LINE)
        answers = await asyncio.gather(*(client.call("bad_fail", message="x") for _ in range(2)))
        came[fault] = {outcome(answer) for answer in answers}
        bad.control()
        assert (await client.call("bad_fail", message="well")).result["isError"], fault
    assert came == {fault: {code} for fault, code in KINDS[kind][2].items()}


@pytest.mark.parametrize("kind", ["modern", "session-json"], indirect=True)
async def test_nobody_waits_for_a_line_without_end(client: Wire, bad: Running) -> None:
    async def ask() -> Answer:
        return await client.call("well_echo", text="x")

    async def flooded() -> None:
        for _ in range(3):
            assert outcome(await client.call("bad_fail", message="x")) == TOO_LARGE

    before = await p99(ask)
    bad.control(fault="endless", on="tools/call", size=LINE)
    flooding = asyncio.create_task(flooded())
    during = await p99(ask, rounds=MANY, enough=as_before(before))
    await flooding
    assert during <= as_before(before)
