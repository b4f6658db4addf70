"""The task that runs is found, in whichever loop."""

import asyncio

from gateway.ground.oneloop import OneLoop


def test_it_is_the_running_one_in_one_loop_after_another() -> None:
    one = OneLoop()

    async def found() -> bool:
        assert one.running() is asyncio.get_running_loop()
        return [one.task(), one.task()] == [asyncio.current_task()] * 2

    for _ in range(2):
        assert asyncio.run(found())


async def test_each_task_finds_itself() -> None:
    one = OneLoop()

    async def found() -> bool:
        await asyncio.sleep(0)
        return one.task() is asyncio.current_task()

    assert await asyncio.gather(*(found() for _ in range(3))) == [True] * 3


async def test_outside_of_a_task_there_is_none() -> None:
    loop, one = asyncio.get_running_loop(), OneLoop()
    found = loop.create_future()
    loop.call_soon(lambda: found.set_result(one.task()))
    assert await found is None
