"""Who takes too long hears of it, and nobody else does."""

import asyncio

from gateway.ground.overdue import Overdue


class Guest:
    """Says when it is told that it is late."""

    def __init__(self) -> None:
        self.told = asyncio.Event()

    def late(self) -> None:
        self.told.set()


async def test_who_is_still_there_is_told_once_its_time_is_over():
    loop = asyncio.get_running_loop()
    overdue, guest = Overdue(0.01), Guest()
    until = overdue.add(guest, loop)
    assert repr(overdue) == "<Overdue after 0.01 s: 1 waiting>"
    await guest.told.wait()
    assert loop.time() >= until
    assert repr(overdue) == "<Overdue after 0.01 s: 0 waiting>"
    overdue.discard(guest)  # as it ends, late


async def test_who_has_ended_in_time_is_not_told():
    loop = asyncio.get_running_loop()
    overdue, quick, slow = Overdue(0.01), Guest(), Guest()
    overdue.add(quick, loop)
    overdue.add(slow, loop)
    overdue.discard(quick)
    await slow.told.wait()
    assert not quick.told.is_set()


async def test_those_who_come_later_are_told_later():
    loop = asyncio.get_running_loop()
    overdue, first, second = Overdue(0.01), Guest(), Guest()
    overdue.add(first, loop)
    await asyncio.sleep(0.005)  # the passing of time is what this is about
    until = overdue.add(second, loop)
    await first.told.wait()
    assert not second.told.is_set()
    await second.told.wait()
    assert loop.time() >= until


async def test_it_can_be_used_again_after_nobody_was_left():
    loop = asyncio.get_running_loop()
    overdue, first, second = Overdue(0.01), Guest(), Guest()
    overdue.add(first, loop)
    await first.told.wait()
    overdue.add(second, loop)
    await second.told.wait()
