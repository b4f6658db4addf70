"""Only so many programs start at once, and one that takes long keeps nobody waiting."""

import asyncio

from gateway.upstream.starts import Starts
from tests.upstream.peer import until


class Starting:
    """Starts that go on until the test ends them; `running` counts those that have a place."""

    def __init__(self, starts: Starts, count: int):
        self.running = 0
        self.over = asyncio.Event()
        self.tasks = [asyncio.create_task(self._start(starts)) for _ in range(count)]

    async def _start(self, starts: Starts) -> None:
        async with starts.place():
            self.running += 1
            await self.over.wait()

    async def end(self) -> None:
        self.over.set()
        await asyncio.gather(*self.tasks)


async def turns() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_the_others_wait():
    starting = Starting(Starts(at_once=2), 5)
    await turns()
    assert starting.running == 2
    await starting.end()
    assert starting.running == 5


async def test_one_that_takes_long_gives_its_place_up_once():
    starts = Starts(at_once=1, longest=0.01)
    slow = Starting(starts, 3)
    await until(lambda: slow.running == 3)
    await slow.end()
    after = Starting(Starts(at_once=1), 2)
    await turns()
    assert after.running == 1
    await after.end()
    assert starts._places._value == 1


async def test_a_failed_start_gives_its_place_back():
    starts = Starts(at_once=1)
    for _ in range(3):
        task = Starting(starts, 1)
        await turns()
        assert task.running == 1
        task.tasks[0].cancel()
        await asyncio.wait(task.tasks)
