"""A talker gets its share of the event loop and no more; a burst goes through, with turns for others in between."""

import asyncio

import pytest

from gateway.upstream import pace as module
from gateway.upstream.pace import BURST_SECONDS, MOST_SECONDS, SHARE, SLICE_SECONDS, TURN_SECONDS, Pace


class Clock:
    """Time that passes when the test says so; `asked` is how long it was asked to sleep."""

    def __init__(self) -> None:
        self.now = 0.0
        self.asked: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.asked.append(seconds)
        self.now += seconds


@pytest.fixture
async def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: clock.now)
    monkeypatch.setattr(module.asyncio, "sleep", clock.sleep)
    return clock


async def work(clock: Clock, pace: Pace, seconds: float) -> None:
    pace.begin()
    clock.now += seconds
    await pace.spent()


async def test_little_work_waits_for_nothing(clock):
    pace = Pace()
    for _ in range(3):
        await work(clock, pace, SLICE_SECONDS / 4)
    assert clock.asked == []


async def test_others_have_their_turn_in_a_burst(clock):
    pace = Pace()
    for _ in range(6):
        await work(clock, pace, SLICE_SECONDS / 2)
    assert clock.asked == [0, 0]


async def test_without_end_it_gets_its_share(clock):
    pace, busy = Pace(), 0.0
    while clock.now < 100:
        await work(clock, pace, 0.002)
        busy += 0.002
    assert busy / clock.now == pytest.approx(SHARE, rel=0.05)


async def test_what_it_does_not_use_is_not_kept_beyond_a_burst(clock):
    pace = Pace()
    clock.now += 1000
    await work(clock, pace, BURST_SECONDS)
    await work(clock, pace, BURST_SECONDS)
    assert clock.asked[-1] > 0


async def test_no_pause_is_much_longer_than_a_second(clock):
    await work(clock, Pace(), 60)
    assert clock.asked == [pytest.approx((MOST_SECONDS + TURN_SECONDS) / SHARE)]


async def test_past_a_burst_small_things_are_done_many_at_a_time(clock):
    """A pause after each would cost the loop a turn each, and the turns more than the things."""
    pace, done = Pace(), 0
    await work(clock, pace, BURST_SECONDS + SLICE_SECONDS)
    clock.asked.clear()
    while clock.now < 10:
        await work(clock, pace, 0.00001)
        done += 1
    pauses = [seconds for seconds in clock.asked if seconds]
    assert done / len(pauses) > 100
    assert max(pauses) < 0.03
    assert done * 0.00001 / clock.now == pytest.approx(SHARE, rel=0.1)
