"""One configuration and everything it holds open: what is in the catalog when, and what one upstream does to others."""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fastmcp import Client
from mcp.shared.exceptions import MCPError

from gateway.app import create_gateway
from gateway.catalog.catalog import Catalog
from gateway.runtime import MOST_INSTRUCTIONS, Runtime
from tests.gateways.kit import Upstream, configuration, written
from tests.upstream import peer
from tests.upstreams.kit import Running, raw_http, raw_stdio
from tests.upstreams.raw.definitions import TOOLS
from tests.upstreams.tcp_proxy import tcp_proxy

PATIENCE = 15.0
NOBODY = "http://127.0.0.1:9/mcp"


def runtime_of(folder: Path, upstreams: dict[str, Upstream], more: str = "") -> Runtime:
    return create_gateway(written(folder, configuration(upstreams, more))).runtime


@asynccontextmanager
async def open_runtime(folder: Path, upstreams: dict[str, Upstream], more: str = "") -> AsyncGenerator[Runtime]:
    """A runtime whose upstreams have all been asked once."""
    runtime = runtime_of(folder, upstreams, more)
    async with runtime.lifespan():
        await runtime.heard()
        yield runtime


async def until(runtime: Runtime, fits: Callable[[Catalog], bool]) -> None:
    """Until the catalog fits; each new one is looked at."""
    changed = asyncio.Event()
    runtime.watch(lambda _: changed.set())
    async with asyncio.timeout(PATIENCE):
        while not fits(runtime.catalog):
            changed.clear()
            await changed.wait()


def lines(caplog: pytest.LogCaptureFixture, level: str = "INFO") -> list[dict[str, Any]]:
    """The fields of what the runtime logged at that level."""
    logged = [record for record in caplog.records if record.name == "gateway.runtime" and record.levelname == level]
    return [record.msg for record in logged if isinstance(record.msg, dict)]


async def test_services_are_in_the_catalog_once_it_runs(tmp_path: Path):
    runtime = runtime_of(tmp_path, {})
    assert repr(runtime) == "<Runtime <Catalog tools=0 resources=0 templates=0 prompts=0 from gateway, own>>"
    async with runtime.lifespan():
        assert repr(runtime) == "<Runtime <Catalog tools=3 resources=3 templates=1 prompts=1 from gateway, own>>"


async def test_an_upstream_comes_in_beside_services(tmp_path: Path, raw_modern: Running):
    async with open_runtime(tmp_path, {"raw": raw_modern}) as runtime:
        route = runtime.catalog.tool("raw_echo")
        assert repr(route) == "<tool raw_echo -> upstream raw:echo>"
        assert repr(runtime.catalog.tool("own_shout")) == "<tool own_shout -> service own:shout>"


async def test_what_is_off_is_not_asked_and_not_in_the_catalog(tmp_path: Path, raw_modern: Running):
    async with open_runtime(tmp_path, {"raw": raw_modern}, "enabled = false") as runtime:
        assert runtime.catalog.tool("raw_echo") is None
        assert runtime.upstreams["raw"].health.state == "off"
    assert raw_modern.record() == []


async def test_a_change_makes_a_new_catalog_and_leaves_the_old_as_it_was(
    tmp_path: Path, raw_modern: Running, caplog: pytest.LogCaptureFixture
):
    async with open_runtime(tmp_path, {"raw": raw_modern}) as runtime:
        older, seen = runtime.catalog, []
        runtime.watch(seen.append)
        raw_modern.control(hidden=["echo"], extra=["fresh", "new"])
        caplog.clear()
        with caplog.at_level(logging.INFO, "gateway.runtime"):
            await runtime.upstreams["raw"].refresh()
        assert runtime.catalog is seen[-1]
        assert older.diff(runtime.catalog).added == ("tool raw_fresh", "tool raw_new")
        assert older.diff(runtime.catalog).removed == ("tool raw_echo",)
        assert older.tool("raw_echo") is not None
    (line,) = lines(caplog)
    assert (line["event"], line["added"], line["removed"]) == ("catalog changed", 2, 1)


async def test_without_a_change_there_is_no_new_catalog(tmp_path: Path, raw_modern: Running):
    async with open_runtime(tmp_path, {"raw": raw_modern}) as runtime:
        older = runtime.catalog
        await runtime.upstreams["raw"].refresh()
        assert runtime.catalog is older


async def test_an_upstream_that_starts_late_comes_in_by_itself(tmp_path: Path, raw_modern: Running):
    async with tcp_proxy(raw_modern.url) as front:
        front.mode = "refuse"
        async with open_runtime(tmp_path, {"raw": front.url}) as runtime:
            assert runtime.catalog.tool("raw_echo") is None
            assert runtime.upstreams["raw"].health.state == "down"
            front.mode = "pass"
            await until(runtime, lambda catalog: catalog.tool("raw_echo") is not None)
            assert runtime.upstreams["raw"].health.state == "up"


async def test_what_was_heard_stays_while_its_upstream_is_down(tmp_path: Path):
    async with raw_http() as upstream:
        gateway = create_gateway(written(tmp_path, configuration({"raw": upstream})))
        async with gateway.opened():
            await gateway.runtime.heard()
            upstream.stop()
            async with Client(gateway) as client:
                with pytest.raises(MCPError, match=r"^Upstream 'raw' .* It is down since 20") as failure:
                    await client.call_tool("raw_echo", {"text": "a"})
                assert failure.value.error.data["upstream"] == "raw"
                assert "raw_echo" in {tool.name for tool in await client.list_tools()}
    async with open_runtime(tmp_path, {"raw": upstream.url}) as later:
        assert later.upstreams["raw"].health.state == "down"
        assert later.catalog.tool("raw_echo") is not None


async def test_upstreams_of_one_origin_share_connections(tmp_path: Path, raw_modern: Running):
    async with tcp_proxy(raw_modern.url) as front:
        gateway = create_gateway(written(tmp_path, configuration({"one": front.url, "other": front.url})))
        async with gateway.opened(), Client(gateway) as client:
            await gateway.runtime.heard()
            front.mode = "stall"
            at_once = asyncio.gather(*(client.call_tool("one_echo", {"text": "a"}) for _ in range(8)))
            await peer.until(lambda: gateway.runtime.upstreams["one"].bulkhead.running == 8)
            front.mode = "pass"
            await at_once
            opened = front.connections
            await asyncio.gather(*(client.call_tool("other_echo", {"text": "a"}) for _ in range(8)))
            assert front.connections == opened


async def test_twenty_upstreams_one_dead_and_one_hung(tmp_path: Path, raw_modern: Running, raw_both: Running):
    raw_both.control(fault="hang")
    well = {f"up{number}": raw_modern for number in range(18)}
    runtime = runtime_of(tmp_path, {"dead": NOBODY, "hung": raw_both, **well})
    began = time.monotonic()
    async with runtime.lifespan():
        took = time.monotonic() - began
        assert took < 10  # the figure, 3 s on a machine with nothing else to do, is measured in bench/
        await asyncio.gather(*(runtime.upstreams[name].first_round() for name in ("dead", *well)))
        states = {name: upstream.health.state for name, upstream in runtime.upstreams.items()}
        assert states.pop("hung") != "up"
        assert states == {"dead": "down", **dict.fromkeys(well, "up")}
        assert len(runtime.catalog.routes["tool"]) == 3 + 18 * len(TOOLS)


async def test_it_can_be_opened_again(tmp_path: Path, raw_legacy: Running):
    with raw_stdio(tmp_path) as program:
        runtime = runtime_of(tmp_path, {"raw": raw_legacy, "pipe": program})
        for _ in range(2):
            async with runtime.lifespan():
                await runtime.heard()
                assert runtime.upstreams["raw"].health.state == "up"
                assert runtime.upstreams["pipe"].health.state in ("up", "idle")  # what it offers is known by then
                await runtime.upstreams["raw"].refresh()
                await runtime.upstreams["pipe"].refresh()
            assert program.alive() == []
        assert len(program.pids()) >= 2


def test_it_can_be_opened_in_another_loop(tmp_path: Path, raw_modern: Running):
    runtime = runtime_of(tmp_path, {"raw": raw_modern})

    async def once() -> str:
        async with runtime.lifespan():
            await runtime.heard()
            await runtime.upstreams["raw"].refresh()
            return runtime.upstreams["raw"].health.state

    assert [asyncio.run(once()), asyncio.run(once())] == ["up", "up"]


async def test_one_that_cannot_be_closed_keeps_none_open(
    tmp_path: Path, raw_modern: Running, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    async def refuse() -> None:
        raise RuntimeError("it will not")

    with raw_stdio(tmp_path) as program:
        async with open_runtime(tmp_path, {"raw": raw_modern, "pipe": program}) as runtime:
            close = runtime.upstreams["raw"].close
            monkeypatch.setattr(runtime.upstreams["raw"], "close", refuse)
            assert len(program.alive()) == 1
        assert program.alive() == []
    await close()
    (line,) = lines(caplog, "ERROR")
    assert (line["event"], line["upstream"]) == ("upstream could not be closed", "raw")


async def test_instructions_stand_under_the_namespace_of_whom_they_are_from(tmp_path: Path, raw_modern: Running):
    more = '[services.data]\n[server]\ninstructions = "Ask before you write."'
    async with open_runtime(tmp_path, {"raw": raw_modern, "dead": NOBODY}, more) as runtime:
        first, data, raw = runtime.instructions().split("\n\n")
    assert first == "Ask before you write."
    assert data.startswith("# data\nText operations")
    assert raw.startswith("# raw\n")
    assert "own" not in first + raw  # it has none


async def test_nobodys_instructions_fill_the_model(tmp_path: Path):
    runtime = runtime_of(tmp_path, {"dead": NOBODY})
    upstream = runtime.upstreams["dead"]
    upstream.listing = replace(upstream.listing, instructions="x" * 10 * MOST_INSTRUCTIONS)
    assert runtime.instructions() == "# dead\n" + "x" * MOST_INSTRUCTIONS
