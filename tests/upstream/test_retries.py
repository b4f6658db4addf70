"""Retries are few, and only of what may pass."""

import pytest

from gateway.errors import (
    UpstreamBroken,
    UpstreamDown,
    UpstreamError,
    UpstreamLimited,
    UpstreamLost,
    UpstreamRefused,
    UpstreamTimeout,
)
from gateway.upstream.http_wire import UpstreamHttpError
from gateway.upstream.retries import RetryBudget, is_passing, pause


def taken(budget: RetryBudget, times: int) -> int:
    return sum(budget.take() for _ in range(times))


def test_the_first_failure_may_be_mended_twice():
    budget = RetryBudget()
    assert [budget.take() for _ in range(3)] == [True, True, False]
    assert repr(budget) == "<RetryBudget spent=2 left=0.0>"


def test_they_are_a_fifth_of_the_calls_and_two():
    budget = RetryBudget()
    for _ in range(1_000):
        budget.earn()
        taken(budget, 2)
    assert budget.spent == 202


def test_no_more_than_ten_are_saved_up():
    budget = RetryBudget()
    for _ in range(1_000):
        budget.earn()
    assert taken(budget, 20) == 10


@pytest.mark.parametrize(
    ("error", "passing"),
    [
        (UpstreamDown("raw", "x"), True),
        (UpstreamLost("raw", "x"), True),
        (UpstreamHttpError("raw", 502), True),
        (UpstreamHttpError("raw", 404), False),
        (UpstreamTimeout("raw", "x"), False),
        (UpstreamBroken("raw", "x"), False),
        (UpstreamLimited("raw", "x"), False),
        (UpstreamRefused("raw", "x"), False),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_may_pass(error: UpstreamError, passing: bool):
    assert is_passing(error) is passing


def test_pauses_grow_and_differ():
    first, second = ([pause(number) for _ in range(100)] for number in (0, 1))
    assert 0.05 <= min(first) < max(first) <= 0.15
    assert 0.2 <= min(second) < max(second) <= 0.6
    assert len(set(first)) > 50
