"""What becomes of one call: what was sent is counted where it arrived."""

import asyncio
import time
from typing import Any

import pytest

from gateway.errors import (
    UpstreamAnswered,
    UpstreamBroken,
    UpstreamDown,
    UpstreamError,
    UpstreamLimited,
    UpstreamLost,
    UpstreamSuspended,
    UpstreamTimeout,
)
from gateway.upstream import clock
from gateway.upstream.breaker import OPEN_SECONDS
from gateway.upstream.gate import Gate
from gateway.upstream.http_wire import UpstreamHttpError
from gateway.upstream.listener import Listener
from tests.upstream.fronts import (
    LEGACY,
    MODERN,
    SESSIONLESS,
    Ear,
    Front,
    Kind,
    named,
    text_of,
)
from tests.upstream.peer import until
from tests.upstream.places import place

HTTP = pytest.mark.parametrize("kind", [MODERN, LEGACY, SESSIONLESS], ids=named)
ONLY_MODERN = pytest.mark.parametrize("kind", [MODERN], ids=named)

# retries


@HTTP
@pytest.mark.parametrize("fault", ["server_error", "unavailable", "close_before", "close_after", "cut"])
async def test_a_repeatable_call_is_sent_again_until_it_is_well(one: Front, fault):
    await one.call("add", a=1, b=1)
    one.target.reset()
    one.target.control(fault=fault, on="tools/call", times=2)
    assert text_of(await one.call("echo", text="third")) == "third"
    assert len(one.asked("tools/call")) == 3
    assert one.upstream.retries.spent == 2
    assert one.upstream.gate.is_open


@HTTP
@pytest.mark.parametrize(("fault", "error"), [("server_error", UpstreamHttpError), ("close_before", UpstreamLost)])
async def test_it_is_sent_three_times_at_most(one: Front, fault, error):
    one.target.control(fault=fault, on="tools/call")
    with pytest.raises(error):
        await one.call("echo", text="x")
    assert len(one.asked("tools/call")) == 3


@HTTP
@pytest.mark.parametrize("fault", ["server_error", "close_before", "close_after", "cut"])
async def test_a_call_that_may_have_done_something_is_sent_once(one: Front, fault):
    one.target.control(fault=fault, on="tools/call", times=1)
    with pytest.raises(UpstreamError):
        await one.call("fail", message="x")
    assert len(one.asked("tools/call")) == 1
    assert one.upstream.retries.spent == 0


@ONLY_MODERN
@pytest.mark.parametrize("fault", ["garbage", "wrong_id", "unauthorized", "rate_limited", "huge"])
async def test_what_would_be_no_better_is_not_sent_again(kind: Kind, request, front, fault):
    one: Front = await front(request.getfixturevalue(kind.fixture), max_body=100_000)
    one.target.control(fault=fault, on="tools/call", retry_after=0)
    with pytest.raises(UpstreamError):
        await one.call("echo", text="x")
    assert len(one.asked("tools/call")) == 1


async def test_a_read_is_sent_again(raw_modern, front):
    one: Front = await front(raw_modern)
    raw_modern.control(fault="server_error", on="resources/read", times=2)
    await one.read("text://raw/raw/notes")
    assert len(one.asked("resources/read")) == 3


async def test_a_child_that_dies_is_asked_again_in_its_successor(modern_command, front):
    one: Front = await front(modern_command)
    modern_command.control(fault="close_before", on="tools/call")
    calling = asyncio.create_task(one.call("echo", text="x"))
    await modern_command.wait_for("request", "tools/call", deadline=10)
    modern_command.control()
    assert text_of(await calling) == "x"
    assert len(modern_command.pids()) == 2


async def test_nothing_is_sent_again_once_the_client_heard_of_it(raw_modern, front):
    one: Front = await front(raw_modern)
    raw_modern.control(fault="cut", on="tools/call")
    deaf, ear = Ear(), Ear(progress=True)
    for listener, sent in ((ear, 1), (deaf, 3)):
        raw_modern.reset()
        with pytest.raises(UpstreamLost):
            await one.call("progress", listener.listener, repeatable=True, steps=20)
        assert len(one.asked("tools/call")) == sent
    assert ear.steps[:3] == [1, 2, 3]


async def test_failures_spend_no_more_than_a_fifth_of_the_calls_and_two(raw_modern, front, monkeypatch):
    monkeypatch.setattr("gateway.upstream.retries.PAUSES", (0.0, 0.0))
    monkeypatch.setattr("gateway.upstream.breaker.MAX_FAILURES", 1_000)
    one: Front = await front(raw_modern)
    raw_modern.reset()
    raw_modern.control(fault="server_error", on="tools/call")
    for _ in range(50):
        with pytest.raises(UpstreamHttpError):
            await one.call("echo", text="x")
    assert len(one.asked("tools/call")) == 50 + 10 + 2


async def test_no_retry_begins_that_the_deadline_would_cut_off(raw_modern, front):
    one: Front = await front(raw_modern, deadline=0.04)
    raw_modern.control(fault="server_error", on="tools/call")
    with pytest.raises((UpstreamHttpError, UpstreamTimeout)):
        await one.call("echo", text="x")
    assert len(one.asked("tools/call")) == 1


# the breaker


class Later:
    """A clock that can be set forward."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self.ahead


@pytest.fixture
def later(one: Front) -> Later:
    clock = Later()
    one.upstream.gate = Gate("raw", clock)
    return clock


async def suspended(one: Front, fault: str = "server_error") -> None:
    """Calls until it is."""
    one.target.control(fault=fault, on="tools/call")
    for _ in range(5):
        with pytest.raises(UpstreamError):
            await one.call("fail", message="x")
    one.target.reset()


@HTTP
@pytest.mark.parametrize("fault", ["server_error", "close_before", "garbage", "wrong_id"])
async def test_after_five_failures_nothing_is_sent_until_one_trial_succeeds(one: Front, later: Later, fault):
    await suspended(one, fault)
    for _ in range(3):
        with pytest.raises(UpstreamSuspended, match="failed 5 times in a row"):
            await one.call("echo", text="x")
    assert one.asked("tools/call") == []
    one.target.control()
    later.ahead = OPEN_SECONDS
    assert text_of(await one.call("echo", text="back")) == "back"
    assert one.upstream.gate.is_open


@ONLY_MODERN
async def test_while_one_call_tries_it_others_are_refused(one: Front, later: Later):
    await suspended(one)
    one.target.control()
    later.ahead = OPEN_SECONDS
    trial = asyncio.create_task(one.call("slow", seconds=0.3))
    await one.target.wait_for("started", "slow")
    with pytest.raises(UpstreamSuspended):
        await one.call("echo", text="x")
    await trial
    assert text_of(await one.call("echo", text="open")) == "open"


@ONLY_MODERN
async def test_a_trial_whose_caller_leaves_says_nothing(one: Front, later: Later):
    await suspended(one)
    one.target.control()
    later.ahead = OPEN_SECONDS
    trial = asyncio.create_task(one.call("slow", seconds=30))
    await one.target.wait_for("started", "slow")
    trial.cancel()
    await asyncio.wait([trial])
    assert text_of(await one.call("echo", text="tried by the next")) == "tried by the next"


@ONLY_MODERN
async def test_a_trial_is_not_sent_again(one: Front, later: Later):
    await suspended(one)
    later.ahead = OPEN_SECONDS
    with pytest.raises(UpstreamHttpError):
        await one.call("echo", text="x")
    assert len(one.asked("tools/call")) == 1
    with pytest.raises(UpstreamSuspended, match="failed 6 times"):
        await one.call("echo", text="x")


@ONLY_MODERN
async def test_errors_of_tools_and_callers_that_leave_do_not_count(one: Front):
    for _ in range(7):
        assert (await one.call("fail", message="x"))["isError"]
        with pytest.raises(UpstreamAnswered):
            await one.call("error", code=1, message="x")
        leaving = asyncio.create_task(one.call("slow", seconds=30))
        await one.target.wait_for("started", "slow")
        leaving.cancel()
        await asyncio.wait([leaving])
        one.target.reset()
    assert repr(one.upstream.gate) == "<Gate closed failures=0>"


async def test_a_client_that_lets_a_question_wait_is_no_failure_of_the_upstream(raw_legacy, front, monkeypatch):
    monkeypatch.setattr(clock, "ANSWER_SECONDS", 0.2)
    one: Front = await front(raw_legacy)
    asked = asyncio.Event()

    async def never(method: str, params: dict[str, Any]) -> dict[str, Any]:
        asked.set()
        await asyncio.Event().wait()
        return {}

    client = Listener(ask=never, era="legacy", capabilities={"elicitation": {}})
    with pytest.raises(UpstreamTimeout, match="asked the user in mid-call, and had no answer"):
        await one.call("ask", client, question="Which colour?")
    assert asked.is_set()
    await one.target.wait_for("cancelled", "ask")
    assert repr(one.upstream.gate) == "<Gate closed failures=0>"


@ONLY_MODERN
async def test_those_who_waited_for_a_place_are_refused_when_it_is_suspended_meanwhile(kind: Kind, request, front):
    one: Front = await front(request.getfixturevalue(kind.fixture), max_in_flight=1)
    async with place(one.upstream.bulkhead):
        waiting = asyncio.create_task(one.call("echo", text="x"))
        await until(lambda: one.upstream.bulkhead.waiting)
        for _ in range(5):
            one.upstream.failed(UpstreamBroken("raw", "answered HTML."), one.upstream.gate.enter())
    with pytest.raises(UpstreamSuspended):
        await waiting
    assert one.asked("tools/call") == []


@ONLY_MODERN
async def test_one_that_lists_well_and_fails_in_calls_stays_suspended(one: Front):
    await suspended(one)
    await one.upstream.refresh()
    assert one.upstream.health.state == "up"
    assert not one.upstream.gate.is_open


@ONLY_MODERN
async def test_one_that_was_down_is_open_again_when_it_is_heard(one: Front):
    for _ in range(5):
        one.upstream.failed(UpstreamDown("raw", "cannot be reached."), one.upstream.gate.enter())
    assert not one.upstream.gate.is_open
    await one.upstream.refresh()
    assert one.upstream.gate.is_open


# 429


@HTTP
async def test_calls_within_the_time_of_a_429_are_not_sent(one: Front):
    one.target.control(fault="rate_limited", on="tools/call", retry_after=60)
    for sent in (True, False, False):
        one.target.reset()
        with pytest.raises(UpstreamLimited) as refusal:
            await one.call("echo", text="x")
        assert refusal.value.data["retry_after"] == 60
        assert bool(one.asked("tools/call")) is sent


async def test_a_429_to_a_list_holds_back_calls_and_looks(raw_modern, front):
    one: Front = await front(raw_modern)
    raw_modern.control(fault="rate_limited", on="tools/list", retry_after=60)
    await one.upstream.refresh()
    raw_modern.reset()
    await one.upstream.ask_again()
    with pytest.raises(UpstreamLimited):
        await one.call("echo", text="x")
    assert one.asked() == []
    assert one.upstream.health.state == "up"
    assert one.upstream.listing.tools
