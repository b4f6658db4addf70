"""Times in lines."""

from datetime import datetime

from hypothesis import given
from hypothesis import strategies as st

from gateway.observe.times import to_microseconds, to_milliseconds


def test_times_are_utc_to_the_digit():
    assert to_milliseconds(1_800_000_000.0625) == "2027-01-15T08:00:00.062Z"
    assert to_microseconds(1_800_000_000.0625) == "2027-01-15T08:00:00.062500Z"


@given(st.floats(min_value=1, max_value=4e9))
def test_a_written_time_is_the_time(at: float):
    read = datetime.fromisoformat(to_microseconds(at)).timestamp()
    assert abs(read - at) < 2e-6
