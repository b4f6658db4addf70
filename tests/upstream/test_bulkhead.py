"""So many calls at once, so many in the queue, and the next is told so."""

import asyncio

import pytest

from gateway.errors import UpstreamBusy
from gateway.upstream.bulkhead import Bulkhead
from tests.upstream.places import place


@pytest.fixture
def bulkhead() -> Bulkhead:
    return Bulkhead("raw", limit=2, queue=1)


class Call:
    """A call in a task, running from `begun` until `let_go`."""

    def __init__(self, bulkhead: Bulkhead):
        self.begun, self.over = asyncio.Event(), asyncio.Event()
        self._bulkhead = bulkhead
        self.task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        async with place(self._bulkhead):
            self.begun.set()
            await self.over.wait()

    async def let_go(self) -> None:
        self.over.set()
        await self.task


async def test_places_are_taken_and_given_back(bulkhead):
    calls = [Call(bulkhead) for _ in range(3)]
    await calls[1].begun.wait()
    assert repr(bulkhead) == "<Bulkhead running=2 waiting=1>"
    await calls[0].let_go()
    await calls[2].begun.wait()
    assert repr(bulkhead) == "<Bulkhead running=2 waiting=0>"
    for call in calls:
        await call.let_go()
    assert repr(bulkhead) == "<Bulkhead running=0 waiting=0>"


async def test_the_queue_is_served_in_turn():
    bulkhead = Bulkhead("raw", limit=1, queue=3)
    first, second, third = (Call(bulkhead) for _ in range(3))
    await first.begun.wait()
    await first.let_go()
    await second.begun.wait()
    assert not third.begun.is_set()
    await second.let_go()
    await third.begun.wait()
    await third.let_go()


async def test_one_too_many_is_refused_at_once(bulkhead):
    calls = [Call(bulkhead) for _ in range(3)]
    await calls[0].begun.wait()
    with pytest.raises(UpstreamBusy) as refusal:
        async with place(bulkhead):
            pass
    assert refusal.value.message == (
        "Upstream 'raw' has 2 calls running and 1 waiting. Nothing was sent; try again later."
    )
    assert refusal.value.data == {"kind": "upstream_busy", "upstream": "raw"}
    for call in calls:
        await call.let_go()


async def test_without_a_queue_a_free_place_is_still_given():
    bulkhead = Bulkhead("raw", limit=1, queue=0)
    async with place(bulkhead):
        with pytest.raises(UpstreamBusy):
            async with place(bulkhead):
                pass
    async with place(bulkhead):
        assert bulkhead.running == 1


@pytest.mark.parametrize("which", [0, 1])
async def test_a_call_that_leaves_gives_back_its_place_or_its_turn(which):
    bulkhead = Bulkhead("raw", limit=1, queue=2)
    calls = [Call(bulkhead) for _ in range(3)]
    await calls[0].begun.wait()
    calls[which].task.cancel()
    await asyncio.wait([calls[which].task])
    if which == 1:
        await calls[0].let_go()
    await calls[1 - which if which == 0 else 2].begun.wait()
    for call in calls:
        call.over.set()
    await asyncio.gather(*(call.task for call in calls), return_exceptions=True)
    assert repr(bulkhead) == "<Bulkhead running=0 waiting=0>"


async def test_a_call_that_fails_gives_back_its_place(bulkhead):
    for _ in range(3):
        with pytest.raises(LookupError):
            async with place(bulkhead):
                raise LookupError
    assert bulkhead.running == 0


async def test_a_call_that_is_cancelled_just_as_a_place_is_given_ends_as_cancelled():
    bulkhead = Bulkhead("raw", limit=1, queue=1)
    first, second = Call(bulkhead), Call(bulkhead)
    await first.begun.wait()
    second.task.cancel()
    bulkhead.give()  # before the cancelled call has had its turn
    with pytest.raises(asyncio.CancelledError):
        await second.task
    bulkhead.running += 1  # what was given here, so that `first` has something to give
    await first.let_go()
    assert repr(bulkhead) == "<Bulkhead running=0 waiting=0>"
