"""A client leaves during a call: through both doors, in each era as its specification says, and audited."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from gateway.observe.audit_read import Wanted, search
from tests.contract.pairs import Era
from tests.contract.wire import Wire, wire
from tests.faults.kit import until
from tests.gateways.kit import configuration, over_http
from tests.upstreams.kit import Running

CANCELLED_SECONDS = 1.0

both_doors = pytest.mark.parametrize("express", ["true", "false"])
both_eras_upstream = pytest.mark.parametrize("upstream", ["raw_modern", "raw_legacy"])


@pytest.fixture
def raw(upstream: str, request: pytest.FixtureRequest) -> Running:
    return request.getfixturevalue(upstream)


@asynccontextmanager
async def called(
    folder: Path, raw: Running, express: str, era: Era, seconds: float
) -> AsyncGenerator[tuple[Wire, asyncio.Task]]:
    """A client, and its call, which the upstream works on. At the end nothing runs any more, and it is written."""
    text = configuration({"raw": raw}, f"[server]\nexpress = {express}\n[audit]\nenabled = true")
    async with over_http(folder, text) as (gateway, url):
        async with wire(url, era) as client:
            call = asyncio.create_task(client.call("raw_slow", seconds=seconds))
            await raw.wait_for("started", "slow")
            yield client, call
        await until(lambda: gateway.runtime.guard.running == 0)
        upstream = gateway.runtime.upstreams["raw"]
        assert (upstream.bulkhead.running, upstream.bulkhead.waiting) == (0, 0)


def audited(folder: Path) -> list[str]:
    """How each call of the tool ended."""
    return [line["outcome"] for line in search(folder / "var" / "audit", Wanted()) if line["name"] == "raw_slow"]


async def cancelled_within(raw: Running, began: float) -> float:
    await raw.wait_for("cancelled", "slow")
    took = time.monotonic() - began
    print(f"cancelled upstream after {took:.3f} s")
    return took


@both_doors
@both_eras_upstream
async def test_a_modern_client_that_hangs_up(tmp_path: Path, raw: Running, express: str) -> None:
    async with called(tmp_path, raw, express, "modern", seconds=20) as (_, call):
        began = time.monotonic()
        call.cancel()  # which closes its connection
        assert await cancelled_within(raw, began) < CANCELLED_SECONDS
    assert audited(tmp_path) == ["cancelled"]


@both_doors
@both_eras_upstream
async def test_a_legacy_client_that_cancels(tmp_path: Path, raw: Running, express: str) -> None:
    async with called(tmp_path, raw, express, "legacy", seconds=20) as (client, call):
        began = time.monotonic()
        await client.tell("notifications/cancelled", requestId=1, reason="enough")
        assert await cancelled_within(raw, began) < CANCELLED_SECONDS
        call.cancel()
    assert audited(tmp_path) == ["cancelled"]


@both_doors
@both_eras_upstream
async def test_a_legacy_client_that_hangs_up_has_not_cancelled(tmp_path: Path, raw: Running, express: str) -> None:
    """2025-11-25, basic/transports: a disconnection is not to be taken for a cancellation."""
    async with called(tmp_path, raw, express, "legacy", seconds=0.5) as (_, call):
        call.cancel()
        await raw.wait_for("finished", "slow")
    ended = [entry["event"] for entry in raw.events() if entry.get("name") == "slow" and entry["event"] != "request"]
    assert ended == ["started", "finished"]
    assert audited(tmp_path) == ["ok"]
