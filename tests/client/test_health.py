"""How a server does, as one look finds it."""

import contextlib
import time

import pytest

from gateway.client import Server, check, watch
from gateway.client.health import state_of
from gateway.errors import Forbidden, UnknownName, UpstreamAnswered, UpstreamBroken, UpstreamDown
from tests.upstreams.kit import Running


@pytest.mark.parametrize("kind", ["raw_modern", "raw_legacy", "raw_sse_upstream"])
async def test_a_server_that_is_well_has_times_and_counts(kind: str, request: pytest.FixtureRequest):
    upstream: Running = request.getfixturevalue(kind)
    health = await check(Server(upstream.url), "add", {"a": 1, "b": 2})
    assert (health.well, health.reason) == (True, "")
    assert health.counts == {"tools": 13, "resources": 3, "templates": 1, "prompts": 2}
    assert health.about == "raw 1.0.0"
    for took in (health.connect_ms, health.list_ms, health.call_ms):
        assert took is not None
        assert took > 0


async def test_nothing_is_called_that_is_not_named(raw_modern: Running):
    assert (await check(Server(raw_modern.url))).call_ms is None
    assert "tools/call" not in [entry["rpc"] for entry in raw_modern.record()]


async def test_a_tool_that_fails_is_not_well(raw_modern: Running):
    health = await check(Server(raw_modern.url), "fail", {"message": "no"})
    assert (health.state, health.reason) == ("failed", "fail failed: no\n[image]")


@pytest.mark.parametrize("on", ["", "tools/list", "tools/call"])
async def test_a_server_that_hangs_is_down_at_the_deadline(raw_modern: Running, on: str):
    raw_modern.control(fault="hang", on=on)
    began = time.monotonic()
    health = await check(Server(raw_modern.url), "echo", {"text": "a"}, deadline=0.5)
    assert health.state == "down"
    assert "did not" in health.reason
    assert time.monotonic() - began < 5


async def test_what_was_found_before_it_failed_is_kept(raw_modern: Running):
    raw_modern.control(fault="server_error", on="tools/call")
    health = await check(Server(raw_modern.url), "echo", {"text": "a"})
    assert (health.state, health.counts["tools"], health.call_ms) == ("down", 13, None)


async def test_watching_looks_again_and_finds_what_changed(raw_modern: Running):
    states = []
    async with contextlib.aclosing(watch(Server(raw_modern.url), 0.01)) as looks:
        async for health in looks:
            states.append(health.state)
            raw_modern.control(fault="unauthorized" if len(states) == 1 else None)
            if len(states) == 3:
                break
    assert states == ["well", "refused", "well"]


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (UpstreamDown("a", "is down"), "down"),
        (UpstreamBroken("a", "is broken"), "down"),
        (Forbidden("no"), "refused"),
        (UnknownName("no"), "failed"),
        (UpstreamAnswered(50301, "a gateway's upstream is down"), "down"),
        (UpstreamAnswered(40300, "a gateway does not allow it"), "refused"),
        (UpstreamAnswered(-32602, "unknown tool"), "failed"),
    ],
)
def test_an_error_says_how_the_server_does(error: UpstreamAnswered, state: str):
    assert state_of(error) == state
