"""What tests of faults share: waiting for what tells nobody, and how long answers take meanwhile."""

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable
from typing import Any

UNREST_SECONDS = 0.02
"""What any answer may take longer on a machine that does other things beside; what blocks takes seconds."""


async def until(condition: Callable[[], object], seconds: float = 10.0) -> float:
    """Look again every 10 ms, at what tells nobody; the seconds that it took."""
    began = time.monotonic()
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    return time.monotonic() - began


async def p99(ask: Callable[[], Awaitable[Any]], times: int = 20, rounds: int = 3, enough: float = 0.0) -> float:
    """The seconds within which 99 % of that many answers came, one after another; of the calmest of some rounds, or of
    the first that was no longer than `enough`.

    What else the machine does comes and goes between the rounds; what an upstream does to others stays in all.
    """
    found = await _p99(ask, times)
    for _ in range(rounds - 1):
        if found <= enough:
            break
        found = min(found, await _p99(ask, times))
    return found


def as_before(before: float) -> float:
    """What an answer may take that nobody holds up, where it took so long before: for `enough`."""
    return 1.2 * before + UNREST_SECONDS


MANY = 10
"""Rounds that may be needed on a machine that is busy with other things, until one of them is left alone."""


async def _p99(ask: Callable[[], Awaitable[Any]], times: int) -> float:
    took = []
    for _ in range(times):
        began = time.perf_counter()
        await ask()
        took.append(time.perf_counter() - began)
    return sorted(took)[round(0.99 * times) - 1]


def free_port() -> int:
    """A loopback port that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]
