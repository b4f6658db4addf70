"""What the gateway says of itself is true."""

import json
import os
from typing import Any

import psutil
import pytest
from dirty_equals import IsDatetime, IsFloat, IsInt, IsPositive, IsStr
from fastmcp import Client
from mcp.shared.exceptions import MCPError

from gateway.doors.own import held_back
from tests.doors.conftest import Watch
from tests.upstreams.kit import Running

CLOSED = "http://127.0.0.1:9/mcp"  # the discard service, which nothing serves here


async def read(client: Any, uri: str) -> dict[str, Any]:
    return json.loads((await client.read_resource(uri))[0].text)


async def test_figures_are_those_of_this_process(watch: Watch, raw_modern: Running) -> None:
    async with watch(raw=raw_modern) as watched, Client(watched.gateway) as client:
        first = await read(client, "status://system")
        for _ in range(3):
            await client.call_tool("raw_echo", {"text": "hello"})
        second = await read(client, "status://system")
    resident = psutil.Process(os.getpid()).memory_info().rss
    assert abs(second["memory_bytes"] - resident) < 50_000_000
    assert second["uptime_seconds"] == IsFloat(ge=first["uptime_seconds"], lt=60)
    assert second["cpu_seconds"] == IsPositive
    assert second["cpu_percent"] == IsFloat(ge=0)
    assert first["calls"] == {"running": 1, "finished": 0}, "the read itself is running"
    assert second["calls"] == {"running": 1, "finished": 4}
    assert second["tools"] == len(watched.gateway.runtime.catalog.routes["tool"])
    assert second["sessions"] == IsInt(ge=1)


async def test_each_upstream_is_described(watch: Watch, raw_modern: Running, raw_legacy: Running) -> None:
    async with watch(raw=raw_modern, old=raw_legacy, gone=CLOSED) as watched, Client(watched.gateway) as client:
        await client.call_tool("old_echo", {"text": "hello"})
        upstreams = (await read(client, "status://system"))["upstreams"]
    assert [(name, each["state"], each["transport"], each["era"]) for name, each in upstreams.items()] == [
        ("raw", "up", "http", "modern"),
        ("old", "up", "http", "legacy"),
        ("gone", "down", None, None),
    ]
    assert upstreams["raw"]["tools"] == 13
    assert upstreams["raw"]["reason"] == ""
    assert upstreams["raw"]["listed_seconds_ago"] == IsFloat(ge=0, lt=60)
    assert upstreams["raw"]["since"] == IsDatetime(iso_string=True)
    assert "cannot be reached" in upstreams["gone"]["reason"]
    assert upstreams["gone"]["listed_seconds_ago"] is None
    assert [each["calls_running"] for each in upstreams.values()] == [0, 0, 0]
    assert [each["breaker"]["state"] for each in upstreams.values()] == ["closed"] * 3


async def test_one_that_fails_in_every_call_is_shown_as_suspended(watch: Watch, raw_modern: Running) -> None:
    async with watch(raw=raw_modern) as watched, Client(watched.gateway) as client:
        raw_modern.control(fault="server_error", on="tools/call")
        for _ in range(5):
            with pytest.raises(MCPError):
                await client.call_tool("raw_echo", {"text": "x"})
        status = (await read(client, "status://system"))["upstreams"]["raw"]
    assert status["state"] == "up"
    assert status["retries"] == 3, "two, and a fifth of five calls"
    assert status["breaker"] == {
        "state": "open",
        "since": IsDatetime(iso_string=True),
        "failures": 5,
        "reason": IsStr(regex=r"answered HTTP 500\..*"),
        "tried_in_seconds": IsFloat(gt=20, le=30),
    }
    assert held_back(status) == IsStr(regex=r"suspended after 5 failures in a row, and tried in \d+ s")
    assert held_back(status | {"limited_for_seconds": 6.6}) == "limiting us for another 7 s"


async def test_an_upstreams_faults_are_told(watch: Watch, raw_modern: Running) -> None:
    raw_modern.control(duplicate_names=True, broken_tool=True)
    async with watch(raw=raw_modern) as watched, Client(watched.gateway) as client:
        faults = (await read(client, "status://system"))["upstreams"]["raw"]["faults"]
    assert len(faults) == 2
    assert "'echo' is there twice" in " ".join(faults)


async def test_the_configuration_is_shown_without_its_secrets(watch: Watch) -> None:
    more = 'auth.bearer = "canary-secret"\n[upstreams.gone.headers]\nX-Key = "canary-secret"\n'
    async with watch(more, gone=CLOSED) as watched, Client(watched.gateway) as client:
        (contents,) = await client.read_resource("config://server")
    shown = json.loads(getattr(contents, "text", ""))
    assert shown["upstreams"]["gone"]["url"] == CLOSED
    assert "canary" not in json.dumps(shown)
