"""Starting, watching and ending upstreams."""

import subprocess
import sys

import httpx
import psutil
import pytest

from tests.upstreams import process
from tests.upstreams.kit import Running, raw_http
from tests.upstreams.messages import modern_call
from tests.upstreams.process import NotStarted

BODY, HEADERS = modern_call("echo", text="hi")


async def test_it_records_what_was_sent(raw_modern: Running) -> None:
    async with httpx.AsyncClient() as client:
        for _ in range(2):
            await client.post(raw_modern.url, json=BODY, headers={**HEADERS, "X-Canary": "c"})
    first, second = raw_modern.record()
    assert (first["http"], first["path"], first["rpc"], first["name"]) == ("POST", "/mcp", "tools/call", "echo")
    assert first["body"] == BODY
    assert first["headers"]["x-canary"] == "c"
    assert ["x-canary", "c"] in first["raw_headers"]
    assert first["connection"] == second["connection"]
    assert [entry["event"] for entry in raw_modern.events()] == ["request", "started", "finished"] * 2
    raw_modern.reset()
    assert raw_modern.events() == []


async def test_waiting_ends_at_the_deadline(raw_modern: Running) -> None:
    with pytest.raises(TimeoutError, match=r"0 instead of 1 times started of slow within 0\.01 s"):
        await raw_modern.wait_for("started", "slow", deadline=0.01)


async def test_with_ends_it() -> None:
    async with raw_http(name="mine") as upstream:
        assert psutil.pid_exists(upstream.pid)
    assert not psutil.pid_exists(upstream.pid)


def test_it_can_be_stopped_and_killed_early() -> None:
    for end in (Running.stop, Running.kill):
        with raw_http() as upstream:
            end(upstream)
            upstream.stop()
            assert not psutil.pid_exists(upstream.pid)


def test_it_ends_with_the_process_that_started_it() -> None:
    parent = subprocess.run(
        [
            sys.executable,
            "-c",
            "import os; from tests.upstreams.kit import raw_http;"
            " print(raw_http().__enter__().pid, flush=True); os._exit(9)",
        ],
        cwd=process.ROOT,
        capture_output=True,
        check=False,
    )
    gone = psutil.wait_procs([psutil.Process(pid) for pid in [int(parent.stdout)] if psutil.pid_exists(pid)], 5)[1]
    assert gone == []


def test_a_server_that_does_not_start_says_why() -> None:
    with pytest.raises(NotStarted, match="no_such_module"):
        process.start(["-m", "no_such_module"])
