"""An upstream says without a pause that its lists changed: it is asked now and then, and others do not notice."""

import time
from collections.abc import AsyncGenerator
from itertools import accumulate, chain, repeat, takewhile
from pathlib import Path

import pytest

from gateway.upstream.spacing import APART_SECONDS
from tests.contract.wire import wire
from tests.faults.kit import MANY, as_before, p99
from tests.faults.test_upstream_over_http import until_listed
from tests.gateways.kit import configuration, over_http
from tests.upstreams.kit import Command, Running, raw_http, raw_sse, raw_stdio

EVERY = 0.002
"""Seconds between two of its notifications: a look takes longer than that."""


def most_looks(seconds: float) -> int:
    """How often it may be looked at in that time: at once, and then after each pause."""
    pauses = accumulate(chain(APART_SECONDS, repeat(APART_SECONDS[-1])))
    return 1 + len(list(takewhile(lambda passed: passed <= seconds, pauses)))


@pytest.fixture(params=["modern", "legacy", "sse", "stdio"])
async def restless(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[Running | Command]:
    """One whose changes are heard over each kind of stream."""
    if request.param == "stdio":
        with raw_stdio(tmp_path) as command:
            yield command
    else:
        starting = raw_sse() if request.param == "sse" else raw_http(era=request.param)
        async with starting as running:
            yield running


async def test_it_is_asked_at_growing_distances_and_the_last_change_is_heard(
    restless: Running | Command, raw_both: Running, tmp_path: Path
) -> None:
    text = configuration({"well": raw_both, "bad": restless})
    async with over_http(tmp_path, text) as (_, url), wire(url, "modern") as client:
        await client.call("bad_echo", text="it runs, where it is a program")
        before = await p99(lambda: client.call("well_echo", text="x"), rounds=2)
        restless.control(extra=["first"], changes_every=EVERY)
        await until_listed(client, "bad_first")
        restless.reset()
        began = time.monotonic()
        meanwhile = await p99(lambda: client.call("well_echo", text="x"), rounds=MANY, enough=as_before(before))
        looks, seconds = looked(restless), time.monotonic() - began
        await restless.wait_for("started", "tools/list", count=looks + 1, deadline=10)
        restless.control(extra=["last"])
        told = time.monotonic()
        await until_listed(client, "bad_last")
        print(f"asked {looks} times in {seconds:.1f} s; the last change listed after {time.monotonic() - told:.1f} s")
        print(f"call p99 of the other {before * 1000:.1f} ms, meanwhile {meanwhile * 1000:.1f} ms")
    assert 1 <= looks <= most_looks(seconds)
    assert meanwhile <= as_before(before)


def looked(upstream: Running | Command) -> int:
    """How often it was asked for its tools."""
    return len([each for each in upstream.events() if (each["event"], each.get("rpc")) == ("started", "tools/list")])
