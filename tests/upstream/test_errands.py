"""Work that goes on although the call that began it was cancelled."""

import asyncio
import logging

import anyio
import pytest

from gateway.upstream.errands import Errands


async def test_it_outlives_a_scope_that_cancels_every_await():
    errands, done = Errands(), asyncio.Event()

    async def work() -> None:
        await asyncio.sleep(0)
        done.set()

    with anyio.CancelScope() as scope:
        try:
            scope.cancel()
            await anyio.sleep_forever()
        finally:
            errands.start(work(), "work")
    await errands.finish()
    assert done.is_set()


async def test_finish_waits_for_what_is_started_meanwhile():
    errands, told = Errands(), []

    async def second() -> None:
        told.append("second")

    async def first() -> None:
        await asyncio.sleep(0)
        told.append("first")
        errands.start(second(), "second")

    errands.start(first(), "first")
    await errands.finish()
    assert told == ["first", "second"]
    await errands.finish()


async def test_a_failure_is_logged_and_stops_nobody(caplog: pytest.LogCaptureFixture):
    errands = Errands()

    async def fail() -> None:
        raise LookupError("gone")

    with caplog.at_level(logging.ERROR):
        errands.start(fail(), "closing a session")
        await errands.finish()
    assert [record.getMessage() for record in caplog.records] == ["closing a session failed"]
    assert caplog.records[0].exc_info is not None
