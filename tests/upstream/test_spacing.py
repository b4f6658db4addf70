"""At once where it is quiet, further and further apart where it is not."""

import pytest

from gateway.upstream.spacing import APART_SECONDS, JITTER, Spacing


def waits(spacing: Spacing, told_after: float, times: int, now: float = 100.0) -> list[float]:
    """What each of some looks waited, where a change is told so long after the look before it, which takes no time."""
    found = []
    for _ in range(times):
        found.append(spacing.wait(now))
        now += found[-1]
        spacing.looked(now)
        now += told_after
    return found


def test_the_first_is_at_once_and_the_next_ones_ever_later():
    assert waits(Spacing(lambda: 0.0), 0.0, 10) == pytest.approx([0.0, *APART_SECONDS, 5.0])


def test_one_that_tells_now_and_then_is_never_waited_for():
    spacing = Spacing(lambda: 0.0)
    assert waits(spacing, 0.6, 10) == [0.0] * 10
    assert repr(spacing) == "<Spacing in_a_row=0>"


def test_after_some_quiet_it_is_at_once_again():
    spacing = Spacing(lambda: 0.0)
    waits(spacing, 0.0, 9)
    assert waits(spacing, 0.0, 3, now=200.0) == pytest.approx([0.0, *APART_SECONDS[:2]])


def test_several_that_hear_the_same_do_not_look_in_the_same_moment():
    early, late = (waits(Spacing(lambda part=part: part), 0.0, 9) for part in (0.0, 1.0))
    assert early == pytest.approx([0.0, *APART_SECONDS])
    assert late == pytest.approx([0.0, *(each * (1 + JITTER) for each in APART_SECONDS)])
