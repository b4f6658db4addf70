"""How exchanges end before their time: callers leave, deadlines pass, upstreams fail in every way they know."""

import asyncio
import time

import anyio
import pytest

from gateway.errors import (
    UpstreamBroken,
    UpstreamBusy,
    UpstreamDown,
    UpstreamError,
    UpstreamLimited,
    UpstreamLost,
    UpstreamRefused,
    UpstreamTimeout,
    UpstreamTooLarge,
)
from gateway.upstream.http_wire import UpstreamHttpError
from tests.upstream.fronts import (
    LEGACY,
    LEGACY_STDIO,
    MODERN,
    MODERN_STDIO,
    SESSIONLESS,
    SSE,
    Front,
    Kind,
    every_kind,
    named,
    text_of,
)
from tests.upstream.places import place
from tests.upstreams.kit import Running, raw_stdio

# leaving


@every_kind
async def test_leaving_cancels_the_call_upstream(one: Front, kind: Kind):
    running = asyncio.create_task(one.call("slow", seconds=30))
    await one.target.wait_for("started", "slow")
    running.cancel()
    (ended,) = await one.target.wait_for("cancelled", "slow", deadline=1.0)
    assert ended["by"] == ("stream" if (kind.transport, kind.era) == ("http", "modern") else "notification")
    assert text_of(await one.call("echo", text="still well")) == "still well"
    assert repr(one.upstream.bulkhead) == "<Bulkhead running=0 waiting=0>"


@every_kind
async def test_a_scope_that_cancels_every_await_cancels_the_call_upstream(one: Front):
    """As the SDK's scopes do: a cancellation that had to be awaited there was never sent."""

    async def slow() -> None:
        await one.call("slow", seconds=30)

    async with anyio.create_task_group() as group:
        group.start_soon(slow)
        await one.target.wait_for("started", "slow")
        group.cancel_scope.cancel()
    await one.target.wait_for("cancelled", "slow", deadline=1.0)


@every_kind
async def test_a_call_past_its_deadline_is_told_and_cancelled(kind: Kind, request, front):
    one: Front = await front(request.getfixturevalue(kind.fixture), deadline=0.3)
    await one.call("echo", text="warm")
    began = time.monotonic()
    with pytest.raises(UpstreamTimeout) as failure:
        await one.call("slow", seconds=30)
    assert time.monotonic() - began < 0.8
    assert failure.value.reason == (
        "did not answer within 0.3 s. It is not known whether the call ran. Its deadline is a setting."
    )
    await one.target.wait_for("cancelled", "slow", deadline=1.0)


@pytest.mark.parametrize("kind", [MODERN], ids=named)
async def test_a_call_that_got_no_place_in_time_was_not_sent(kind: Kind, request, front):
    one: Front = await front(request.getfixturevalue(kind.fixture), deadline=0.1, max_in_flight=1)
    async with place(one.upstream.bulkhead):
        with pytest.raises(UpstreamBusy) as failure:
            await one.call("echo", text="x")
    assert failure.value.reason == "has 1 calls running and 0 waiting. Nothing was sent; try again later."
    assert one.asked("tools/call") == []
    assert text_of(await one.call("echo", text="well")) == "well"


# what goes wrong

NOT_KNOWN = "It is not known whether the call ran."


@pytest.mark.parametrize(
    ("fault", "error", "said"),
    [
        ("html", UpstreamBroken, NOT_KNOWN),
        ("garbage", UpstreamBroken, NOT_KNOWN),
        ("compressed", UpstreamBroken, NOT_KNOWN),
        ("wrong_id", UpstreamBroken, NOT_KNOWN),
        ("redirect", UpstreamBroken, "Nothing ran"),
        ("empty", UpstreamLost, NOT_KNOWN),
        ("close_before", UpstreamLost, NOT_KNOWN),
        ("close_after", UpstreamLost, NOT_KNOWN),
        ("cut", UpstreamLost, NOT_KNOWN),
        ("server_error", UpstreamHttpError, NOT_KNOWN),
        ("unavailable", UpstreamHttpError, NOT_KNOWN),
        ("unauthorized", UpstreamRefused, "HTTP 401"),
        ("forbidden", UpstreamRefused, "HTTP 403"),
        ("rate_limited", UpstreamLimited, "HTTP 429"),
        ("huge", UpstreamTooLarge, "larger than 100000 bytes"),
        ("hang", UpstreamTimeout, NOT_KNOWN),
        ("pings", UpstreamTimeout, NOT_KNOWN),
    ],
)
@pytest.mark.parametrize("kind", [MODERN, LEGACY, SESSIONLESS], ids=named)
async def test_each_fault_over_http_has_a_name_and_the_next_call_is_well(
    kind: Kind, request, front, fault, error, said
):
    one: Front = await front(request.getfixturevalue(kind.fixture), deadline=0.3, max_body=100_000)
    await one.call("echo", text="warm")
    one.target.reset()
    one.target.control(fault=fault, on="tools/call", location="http://other.example/mcp", retry_after=0)
    with pytest.raises(UpstreamError) as failure:
        await one.call("fail", message="x")
    assert type(failure.value) is error
    assert said in failure.value.message
    assert failure.value.data["upstream"] == "raw"
    assert failure.value.data.get("retry_after") == (0 if fault == "rate_limited" else None)
    assert len(one.asked("tools/call")) == 1  # `fail` does not say that it may be repeated
    one.target.control()
    assert text_of(await one.call("echo", text="well")) == "well"


@pytest.mark.parametrize(
    ("kind", "fault", "error"),
    [
        (SSE, "hang", UpstreamTimeout),
        (SSE, "wrong_id", UpstreamTimeout),
        (SSE, "huge", UpstreamTooLarge),
        (SSE, "close_after", UpstreamLost),
        (SSE, "server_error", UpstreamHttpError),
        (SSE, "unauthorized", UpstreamRefused),
        (MODERN_STDIO, "hang", UpstreamTimeout),
        (MODERN_STDIO, "wrong_id", UpstreamTimeout),
        (MODERN_STDIO, "garbage", UpstreamTimeout),
        (MODERN_STDIO, "huge", UpstreamTooLarge),
        (MODERN_STDIO, "close_before", UpstreamLost),
        (MODERN_STDIO, "close_after", UpstreamLost),
        (MODERN_STDIO, "cut", UpstreamLost),
        (LEGACY_STDIO, "close_after", UpstreamLost),
    ],
)
async def test_each_fault_of_a_channel_has_a_name_and_the_next_call_is_well(kind: Kind, request, front, fault, error):
    deadline = 0.5 if error is UpstreamTimeout else 10.0  # the others may need another process for the next call
    one: Front = await front(request.getfixturevalue(kind.fixture), deadline=deadline, max_body=100_000)
    await one.call("echo", text="warm")
    one.target.control(fault=fault, on="tools/call")
    with pytest.raises(UpstreamError) as failure:
        await one.call("echo", text="x")
    assert type(failure.value) is error
    one.target.control()
    assert text_of(await one.call("echo", text="well")) == "well"


@pytest.mark.parametrize("kind", [MODERN, SSE], ids=named)
async def test_an_upstream_that_is_gone_is_named_with_since_when(kind: Kind, request, front):
    upstream: Running = request.getfixturevalue(kind.fixture)
    one: Front = await front(upstream)
    upstream.kill()
    upstream.process.wait()
    errors = []
    for _ in range(2):
        with pytest.raises(UpstreamError) as failure:
            await one.call("echo", text="x")
        errors.append(failure.value)
    assert type(errors[1]) is UpstreamDown
    assert "cannot be reached (Connection refused). Nothing was sent. It is down since 20" in errors[1].message
    assert errors[1].data["since"] in errors[1].message
    assert one.upstream.health.state == "down"


async def test_a_crashed_child_is_named_with_its_last_words_and_replaced(tmp_path, front):
    with raw_stdio(tmp_path, crash_on="fail", flood_stderr=True) as command:
        one: Front = await front(command)
        with pytest.raises(UpstreamLost) as failure:
            await one.call("fail", message="x")
        assert "went away (exit status 70); it said: " in failure.value.message
        assert "; it said: warning: nobody reads this | warning" in failure.value.message
        assert "\x1b" not in failure.value.message
        assert text_of(await one.call("echo", text="again")) == "again"
        assert len(command.pids()) == 2
        assert len(command.alive()) == 1
        await one.upstream.close()
        assert command.alive() == []


async def test_a_child_that_is_killed_costs_each_running_call_one_error(tmp_path, front):
    with raw_stdio(tmp_path) as command:
        one: Front = await front(command)
        running = [asyncio.create_task(one.call("slow", seconds=30)) for _ in range(5)]
        await command.wait_for("started", "slow", count=5)
        command.stop()
        await asyncio.wait(running)
        assert {type(each.exception()) for each in running} == {UpstreamLost}
        assert len(one.asked("tools/call")) == 5
        assert text_of(await one.call("echo", text="again")) == "again"
