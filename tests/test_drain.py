"""What no longer serves is closed: after its calls, or when its time is over."""

import asyncio
import logging

import pytest

from gateway.drain import Drains


class Old:
    """Something that no longer serves."""

    def __init__(self) -> None:
        self.no_calls = asyncio.Event()
        self.closed = asyncio.Event()

    async def ended(self) -> None:
        await self.no_calls.wait()

    async def close(self) -> None:
        self.closed.set()


async def test_what_no_longer_serves_is_closed_after_its_calls():
    drains, old = Drains(), Old()
    drains.start("old", old.ended, old.close, 60)
    await asyncio.sleep(0)
    assert not old.closed.is_set()
    old.no_calls.set()
    async with asyncio.timeout(5):
        await old.closed.wait()
    await drains.finish()


async def test_it_is_closed_when_its_time_is_over(caplog: pytest.LogCaptureFixture):
    drains, old = Drains(), Old()
    with caplog.at_level(logging.WARNING):
        drains.start("old", old.ended, old.close, 0.01)
        async with asyncio.timeout(5):
            await old.closed.wait()
    assert "closed with calls still running" in caplog.text


async def test_all_of_it_is_closed_at_the_end():
    drains, olds = Drains(), [Old(), Old()]
    for old in olds:
        drains.start("old", old.ended, old.close, 60)
    await drains.finish()  # at once, before any of them has begun to wait
    assert all(old.closed.is_set() for old in olds)


async def test_one_that_cannot_be_closed_is_told(caplog: pytest.LogCaptureFixture):
    async def refuse() -> None:
        raise RuntimeError("it will not")

    drains = Drains()
    with caplog.at_level(logging.ERROR):
        drains.start("old", Old().ended, refuse, 60)
        await drains.finish()
    assert "could not be closed" in caplog.text
