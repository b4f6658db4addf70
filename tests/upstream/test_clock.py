"""A call's time and place, and what becomes of both while its client is asked."""

import asyncio
import contextlib
from typing import Any

import pytest

from gateway.errors import UpstreamAnswered
from gateway.ground.overdue import Overdue
from gateway.upstream.bulkhead import Bulkhead
from gateway.upstream.clock import Clock
from tests.upstream.peer import until
from tests.upstream.places import place

FREE, TAKEN = "<Bulkhead running=0 waiting=0>", "<Bulkhead running=1 waiting=0>"


@pytest.fixture
def bulkhead() -> Bulkhead:
    return Bulkhead("raw", limit=1, queue=1)


class User:
    """Answers when it is told to."""

    def __init__(self) -> None:
        self.asked, self.ready = asyncio.Event(), asyncio.Event()

    async def __call__(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        self.asked.set()
        await self.ready.wait()
        return {"answer": "blue"}


async def without_end(clock: Clock) -> None:
    """A call that is never answered."""
    with clock:
        if not clock.has_place():
            await clock.place()
        await asyncio.Event().wait()


async def test_it_ends_a_call_that_takes_longer(bulkhead: Bulkhead):
    clock = Clock(Overdue(0.01), bulkhead)
    with pytest.raises(TimeoutError):
        await without_end(clock)
    assert repr(bulkhead) == FREE


async def test_the_wait_for_a_place_counts(bulkhead: Bulkhead):
    clock = Clock(Overdue(0.01), bulkhead)
    async with place(bulkhead):
        with pytest.raises(TimeoutError):
            await without_end(clock)
    assert repr(bulkhead) == FREE


async def test_while_the_user_thinks_it_stands_still_and_others_have_the_place(bulkhead: Bulkhead):
    clock, user = Clock(Overdue(0.02), bulkhead), User()
    thinking = asyncio.Event()

    async def call() -> dict[str, Any]:
        with clock:
            assert clock.has_place()
            return await clock.unhurried(user, "elicitation/create", {})

    running = asyncio.create_task(call())
    await user.asked.wait()
    assert repr(bulkhead) == FREE
    with pytest.raises(TimeoutError):  # three times as long as the call may take
        await asyncio.wait_for(thinking.wait(), 0.06)
    async with place(bulkhead):
        user.ready.set()
        assert not running.done()
    assert await running == {"answer": "blue"}
    assert repr(bulkhead) == FREE


async def test_time_goes_on_after_an_answer_and_after_an_error(bulkhead: Bulkhead):
    async def refuse(method: str, params: dict[str, Any]) -> dict[str, Any]:
        raise UpstreamAnswered(-1, "away")

    clock = Clock(Overdue(0.02), bulkhead)

    async def call() -> None:
        with clock:
            assert clock.has_place()
            with pytest.raises(UpstreamAnswered):
                await clock.unhurried(refuse, "roots/list", {})
            assert repr(bulkhead) == TAKEN
            await asyncio.Event().wait()

    with pytest.raises(TimeoutError):
        await call()


async def test_a_call_that_is_cancelled_in_the_middle_of_a_question_needs_no_place(bulkhead: Bulkhead):
    clock, user = Clock(Overdue(1), bulkhead), User()

    async def call() -> None:
        with clock:
            assert clock.has_place()
            await clock.unhurried(user, "roots/list", {})

    running = asyncio.create_task(call())
    await user.asked.wait()
    async with place(bulkhead):
        running.cancel()
        await asyncio.wait([running], timeout=1)
        assert running.cancelled()
    assert repr(bulkhead) == FREE


async def test_a_question_may_outlast_its_call(bulkhead: Bulkhead):
    clock, user = Clock(Overdue(1), bulkhead), User()

    async def ask() -> dict[str, Any]:
        return await clock.unhurried(user, "roots/list", {})

    with clock:
        assert clock.has_place()
        asking = asyncio.create_task(ask())
        await user.asked.wait()
    user.ready.set()
    assert await asking == {"answer": "blue"}
    assert repr(bulkhead) == FREE


async def test_a_place_that_comes_after_the_end_of_its_call_is_given_back(bulkhead: Bulkhead):
    clock, user = Clock(Overdue(1), bulkhead), User()

    async def ask() -> dict[str, Any]:
        return await clock.unhurried(user, "roots/list", {})

    async with contextlib.AsyncExitStack() as others:
        with clock:
            assert clock.has_place()
            asking = asyncio.create_task(ask())
            await user.asked.wait()
            await others.enter_async_context(place(bulkhead))
            user.ready.set()
            await until(lambda: bulkhead.waiting == 1)
    assert await asking == {"answer": "blue"}
    assert repr(bulkhead) == FREE
