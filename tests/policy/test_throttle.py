"""Guessing is slowed down: the eleventh failure of one address in a minute is refused."""

import pytest

from gateway.policy.throttle import FailureThrottle


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_the_eleventh_attempt_has_to_wait(clock):
    throttle = FailureThrottle(clock=clock)
    for _ in range(10):
        assert throttle.retry_after("192.0.2.1") == 0
        throttle.failed("192.0.2.1")
    assert throttle.retry_after("192.0.2.1") == 60
    assert throttle.retry_after("192.0.2.2") == 0


def test_the_window_slides(clock):
    throttle = FailureThrottle(limit=2, clock=clock)
    throttle.failed("192.0.2.1")
    clock.now += 40
    throttle.failed("192.0.2.1")
    assert throttle.retry_after("192.0.2.1") == 20
    clock.now += 20
    assert throttle.retry_after("192.0.2.1") == 0
    throttle.failed("192.0.2.1")
    assert throttle.retry_after("192.0.2.1") == 40


@pytest.mark.parametrize(
    "other",
    ["2001:db8:0:1::2", "2001:db8:0:1:ffff:ffff:ffff:ffff"],
)
def test_an_ipv6_network_counts_as_one_address(clock, other):
    throttle = FailureThrottle(limit=1, clock=clock)
    throttle.failed("2001:db8:0:1::1")
    assert throttle.retry_after(other) == 60
    assert throttle.retry_after("2001:db8:0:2::1") == 0


def test_an_ipv4_address_is_one_address_however_it_is_written(clock):
    throttle = FailureThrottle(limit=1, clock=clock)
    throttle.failed("::ffff:192.0.2.1")
    assert throttle.retry_after("192.0.2.1") == 60
    assert throttle.retry_after("::ffff:192.0.2.2") == 0


def test_a_socket_without_an_address_is_counted_too(clock):
    throttle = FailureThrottle(limit=1, clock=clock)
    throttle.failed("")
    assert throttle.retry_after("") == 60


def test_who_failed_again_is_remembered_longer(clock):
    throttle = FailureThrottle(limit=2, addresses=2, clock=clock)
    for address in ("192.0.2.1", "192.0.2.2", "192.0.2.1", "192.0.2.3"):
        throttle.failed(address)
    assert throttle.retry_after("192.0.2.1") == 60


def test_memory_is_bounded_and_the_oldest_goes_first(clock):
    throttle = FailureThrottle(limit=1, addresses=100, clock=clock)
    for number in range(1000):
        throttle.failed(f"10.0.{number // 250}.{number % 250}")
    assert len(throttle) == 100
    assert throttle.retry_after("10.0.0.0") == 0
    assert throttle.retry_after("10.0.3.249") == 60
