"""A program that keeps ending is started less and less eagerly, rests after five ends a minute, and is forgiven."""

import pytest

from gateway.upstream.restarts import BACKOFF_SECONDS, REST_SECONDS, STEADY_SECONDS, Restarts


def waits(restarts: Restarts, times: int, runs: float = 0.0) -> list[float]:
    """What it has to wait after each end, when it is started as soon as it may be and then runs so long."""
    now, found = 1000.0, []
    for _ in range(times):
        now += runs
        restarts.ended(now, "boom")
        found.append(restarts.wait(now))
        now += found[-1]
        assert restarts.wait(now) == 0
    return found


def test_one_that_never_ended_may_start():
    assert Restarts().wait(0) == 0


def test_five_ends_a_minute_make_it_rest_longer_and_longer():
    assert waits(Restarts(), 9) == [0.5, 1, 2, 4, *REST_SECONDS]


def test_fewer_a_minute_only_slow_it_down():
    assert waits(Restarts(), 9, runs=20) == [*BACKOFF_SECONDS, 30, 30]


def test_one_that_ran_steadily_starts_anew_at_once():
    assert waits(Restarts(), 5, runs=STEADY_SECONDS + 1) == [0.5] * 5


def test_one_that_ran_steadily_after_a_rest_is_forgiven():
    restarts = Restarts()
    waits(restarts, 6)
    assert restarts.in_a_row == 6
    assert repr(restarts) == "<Restarts in_a_row=6 rests=2>"
    restarts.ended(5000, "bang")
    assert restarts.wait(5000) == 0.5
    assert (restarts.in_a_row, restarts.words) == (1, "bang")


@pytest.mark.parametrize("run", [0.0, 20.0])
def test_a_trial_after_a_rest_that_fails_is_one_end_and_a_longer_rest(run):
    restarts = Restarts()
    waits(restarts, 5)
    now = 1000 + 7.5 + 30 + run
    restarts.ended(now, "boom")
    assert restarts.wait(now) == 60
