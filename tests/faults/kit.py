"""What tests of faults share: waiting for what tells nobody, and how long answers take meanwhile."""

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable
from typing import Any

UNREST_SECONDS = 0.02
"""What any answer may take longer on a machine that does other things beside; what blocks takes seconds."""


async def until(condition: Callable[[], object], seconds: float = 10.0) -> float:
    """Look again every 10 ms; the seconds that it took."""
    began = time.monotonic()
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    return time.monotonic() - began


async def p99(ask: Callable[[], Awaitable[Any]], times: int = 40, rounds: int = 3) -> float:
    """The seconds within which 99 % of that many answers came, one after another; of the calmest of some rounds.

    What else the machine does comes and goes between the rounds; what an upstream does to others stays in all.
    """
    return min([await _p99(ask, times) for _ in range(rounds)])


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
