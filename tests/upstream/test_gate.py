"""Calls are refused while an upstream is suspended or wants none, and are told until when."""

import re

import pytest

from gateway.errors import (
    UpstreamBroken,
    UpstreamBusy,
    UpstreamDown,
    UpstreamError,
    UpstreamLimited,
    UpstreamLost,
    UpstreamRefused,
    UpstreamSuspended,
    UpstreamTimeout,
    UpstreamTooLarge,
)
from gateway.upstream.gate import MAX_LIMITED_SECONDS, Gate, is_failure
from gateway.upstream.http_wire import UpstreamHttpError

LATE = UpstreamTimeout("raw", "did not answer within 30 s.")
LOST = UpstreamLost("raw", "lost the connection.")


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def gate(clock: Clock) -> Gate:
    return Gate("raw", clock)


def fail(gate: Gate, error: UpstreamError = LATE, times: int = 5) -> list[bool]:
    """Calls one after another that end so; whether each suspended the upstream."""
    return [gate.failed(error, gate.enter()) for _ in range(times)]


def limited(seconds: int | None) -> UpstreamLimited:
    return UpstreamLimited("raw", "is limiting us.", retry_after=seconds)


@pytest.mark.parametrize(
    ("error", "counts"),
    [
        (UpstreamDown("raw", "x"), True),
        (LATE, True),
        (LOST, True),
        (UpstreamBroken("raw", "x"), True),
        (UpstreamHttpError("raw", 500), True),
        (UpstreamHttpError("raw", 503), True),
        (UpstreamHttpError("raw", 404), False),
        (UpstreamRefused("raw", "x"), False),
        (limited(7), False),
        (UpstreamTooLarge("raw", "x"), False),
        (UpstreamBusy("raw", "x"), False),
    ],
    ids=lambda value: type(value).__name__,
)
def test_which_errors_say_that_it_cannot_answer(error: UpstreamError, counts: bool):
    assert is_failure(error) is counts


def test_the_fifth_failure_suspends_it_and_says_so_once(gate: Gate):
    assert fail(gate) == [False, False, False, False, True]
    assert repr(gate) == "<Gate open failures=5>"


def test_a_refusal_says_since_when_and_when_it_is_tried_again(gate: Gate, clock: Clock):
    fail(gate)
    clock.now += 12.5
    for refused in (gate.check, gate.enter):
        with pytest.raises(UpstreamSuspended) as refusal:
            refused()
    assert re.fullmatch(
        r"Upstream 'raw' failed 5 times in a row and is left alone since 20[0-9T:+-]+\. It is tried again in 18 s\. "
        r"Nothing was sent\. The last failure: it did not answer within 30 s\.",
        refusal.value.message,
    )
    assert refusal.value.data["retry_after"] == 18
    assert refusal.value.data["since"] in refusal.value.message


def test_one_call_is_the_trial_and_others_are_refused_meanwhile(gate: Gate, clock: Clock):
    fail(gate)
    clock.now += 30
    gate.check()
    assert gate.enter().trial
    with pytest.raises(UpstreamSuspended, match="right now"):
        gate.enter()
    gate.answered()
    assert not gate.enter().trial
    assert gate.is_open


def test_a_trial_that_fails_shuts_it_for_longer(gate: Gate, clock: Clock):
    fail(gate)
    clock.now += 30
    gate.failed(LOST, gate.enter())
    with pytest.raises(UpstreamSuspended, match=r"failed 6 times in a row .* in 60 s\. .* it lost the connection"):
        gate.check()


def test_a_trial_whose_caller_left_is_followed_by_another(gate: Gate, clock: Clock):
    fail(gate)
    clock.now += 30
    gate.enter()
    gate.left()
    assert gate.enter().trial


def test_leaving_means_nothing_otherwise(gate: Gate, clock: Clock):
    gate.enter()
    gate.left()
    assert gate.is_open
    fail(gate)
    clock.now += 30
    trial = gate.enter()
    gate.failed(LATE, trial)
    gate.left()
    with pytest.raises(UpstreamSuspended):
        gate.enter()


def test_what_many_calls_lost_at_once_is_one_failure_and_each_deadline_is_one(gate: Gate):
    together = [gate.enter() for _ in range(10)]
    assert not any(gate.failed(LOST, each) for each in together)
    assert repr(gate) == "<Gate closed failures=1>"
    assert [gate.failed(LATE, each) for each in together[:4]] == [False, False, False, True]


@pytest.mark.parametrize("error", [UpstreamRefused("raw", "x"), UpstreamTooLarge("raw", "x"), limited(None)])
def test_an_error_that_is_an_answer_breaks_the_row(gate: Gate, error: UpstreamError):
    fail(gate, times=4)
    gate.failed(error, gate.enter())
    assert repr(gate) == "<Gate closed failures=0>"


@pytest.mark.parametrize("error", [UpstreamBusy("raw", "x"), UpstreamSuspended("raw", "x")])
def test_what_only_the_gateway_says_is_no_answer(gate: Gate, clock: Clock, error: UpstreamError):
    """A program that may not be started yet, for one."""
    fail(gate)
    clock.now += 30
    trial = gate.enter()
    gate.failed(error, trial)
    gate.left()
    assert not gate.is_open
    assert gate.enter().trial


def test_calls_within_the_time_of_a_429_are_refused_with_what_is_left(gate: Gate, clock: Clock):
    gate.failed(limited(7), gate.enter())
    clock.now += 2.5
    for refused in (gate.check, gate.enter):
        with pytest.raises(UpstreamLimited) as refusal:
            refused()
    assert refusal.value.data["retry_after"] == 5
    assert refusal.value.reason == "is limiting us. It wants no calls for another 5 s; nothing was sent."
    clock.now += 4.5
    assert not gate.enter().trial
    assert gate.is_open


@pytest.mark.parametrize("seconds", [None, 0])
def test_a_429_without_a_time_refuses_nothing(gate: Gate, seconds: int | None):
    gate.failed(limited(seconds), gate.enter())
    gate.check()


def test_no_429_lasts_for_ever(gate: Gate, clock: Clock):
    gate.failed(limited(999_999_999), gate.enter())
    assert gate.limited_for() == MAX_LIMITED_SECONDS
    gate.limit(limited(1))
    assert gate.limited_for() == MAX_LIMITED_SECONDS


def test_its_state_can_be_shown(gate: Gate, clock: Clock):
    state = gate.state()
    assert (state.state, state.failures, state.reason, state.tried_in) == ("closed", 0, "", 0)
    fail(gate)
    clock.now += 10
    state = gate.state()
    assert (state.state, state.failures, state.reason) == ("open", 5, "did not answer within 30 s.")
    assert state.tried_in == 20.0
