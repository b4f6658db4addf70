"""Times as lines of logs and of the audit have them: UTC, in ISO 8601."""

from datetime import UTC, datetime
from functools import lru_cache


def to_milliseconds(at: float) -> str:
    """`at`, in POSIX seconds, as `2026-11-23T21:22:09.809Z`."""
    return _millisecond(int(at * 1000))


def to_microseconds(at: float) -> str:
    """`at`, in POSIX seconds, as `2026-11-23T21:22:09.809441Z`."""
    microseconds = int(at * 1_000_000)
    return f"{_second(microseconds // 1_000_000)}.{str(microseconds)[-6:]}Z"


@lru_cache(64)
def _millisecond(at: int) -> str:
    return f"{_second(at // 1000)}.{at % 1000:03d}Z"


@lru_cache(4)
def _second(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S")
