"""Five failures in a row open it, one trial decides, and each failed trial doubles the wait."""

from itertools import product
from typing import get_args

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from gateway.upstream.breaker import (
    MAX_FAILURES,
    MAX_OPEN_SECONDS,
    NEXT,
    OPEN_SECONDS,
    Breaker,
    Event,
    State,
)


@pytest.fixture
def opened() -> Breaker:
    """Opened at 100."""
    breaker = Breaker()
    for _ in range(MAX_FAILURES):
        breaker.failed(100.0)
    return breaker


def test_so_many_failures_in_a_row_open_it():
    breaker = Breaker()
    for _ in range(4):
        breaker.failed(100.0)
    assert repr(breaker) == "<Breaker closed failures=4>"
    breaker.failed(101.0)
    assert repr(breaker) == "<Breaker open failures=5>"
    assert (breaker.since, breaker.until) == (101.0, 131.0)


def test_a_success_between_them_begins_anew():
    breaker = Breaker()
    for _ in range(3):
        for _ in range(4):
            breaker.failed(100.0)
        breaker.succeeded(100.0)
    assert repr(breaker) == "<Breaker closed failures=0>"


def test_it_may_be_tried_when_its_time_has_come(opened: Breaker):
    assert not opened.may_try(129.9)
    assert opened.may_try(130.0)
    opened.tried(130.0)
    assert opened.state == "half_open"
    assert not opened.may_try(1_000.0)


def test_each_failed_trial_doubles_the_wait_up_to_a_bound(opened: Breaker):
    waits = []
    for _ in range(6):
        now = opened.until
        opened.tried(now)
        opened.failed(now, trial=True)
        waits.append(opened.until - now)
    assert waits == [60.0, 120.0, 240.0, 300.0, 300.0, 300.0]
    assert opened.since == 100.0


def test_a_trial_that_succeeds_closes_it_and_the_next_wait_is_short_again(opened: Breaker):
    opened.tried(130.0)
    opened.failed(130.0, trial=True)
    opened.tried(190.0)
    opened.succeeded(191.0)
    assert repr(opened) == "<Breaker closed failures=0>"
    assert opened.since == 191.0
    for _ in range(MAX_FAILURES):
        opened.failed(200.0)
    assert opened.until == 200.0 + OPEN_SECONDS


def test_a_trial_without_a_verdict_leaves_the_next_call_to_try(opened: Breaker):
    opened.tried(130.0)
    opened.left(131.0)
    assert opened.state == "open"
    assert opened.may_try(131.0)


def test_calls_sent_before_it_opened_fail_without_effect(opened: Breaker):
    opened.failed(110.0)
    assert (opened.failures, opened.until) == (5, 130.0)
    opened.tried(130.0)
    opened.failed(131.0)
    assert opened.state == "half_open"


def test_what_ends_many_calls_at_once_is_one_failure():
    breaker = Breaker()
    sent_together = breaker.noted
    assert [breaker.failed(100.0, noted=sent_together) for _ in range(10)] == [True] + [False] * 9
    assert breaker.failures == 1
    assert breaker.failed(101.0, noted=breaker.noted)
    assert breaker.failed(101.0)
    assert breaker.failures == 3


def test_a_trial_decides_whatever_was_noted_since_it_was_sent(opened: Breaker):
    opened.tried(130.0)
    assert opened.failed(131.0, noted=0, trial=True)


def test_an_answer_closes_it_at_any_time(opened: Breaker):
    opened.succeeded(101.0)
    assert opened.state == "closed"


def test_only_the_table_has_moves():
    assert {state for state, _ in NEXT} == set(get_args(State))
    assert {event for _, event in NEXT} == set(get_args(Event))
    assert [(state, event) for state, event in product(get_args(State), get_args(Event)) if (state, event) not in NEXT]


class AnyOrder(RuleBasedStateMachine):
    """Whatever comes, in whatever order."""

    def __init__(self) -> None:
        super().__init__()
        self.breaker = Breaker()
        self.now = 0.0

    @rule(seconds=st.floats(0, 400))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @rule(trial=st.booleans())
    def fail(self, trial: bool) -> None:
        self.breaker.failed(self.now, trial=trial)

    @rule()
    def succeed(self) -> None:
        self.breaker.succeeded(self.now)
        assert self.breaker.state == "closed"

    @precondition(lambda self: self.breaker.may_try(self.now))
    @rule()
    def try_it(self) -> None:
        self.breaker.tried(self.now)
        assert self.breaker.state == "half_open"

    @rule()
    def leave(self) -> None:
        self.breaker.left(self.now)

    @invariant()
    def it_is_never_shut_for_longer_than_the_bound(self) -> None:
        assert self.breaker.until <= self.now + MAX_OPEN_SECONDS
        assert self.breaker.since <= self.now

    @invariant()
    def few_failures_leave_it_closed(self) -> None:
        assert (self.breaker.state == "closed") == (self.breaker.failures < MAX_FAILURES)


TestAnyOrder = AnyOrder.TestCase
