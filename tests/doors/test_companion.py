"""A task keeps a call company that is not answered at once, and ends with it."""

import asyncio
from collections.abc import Callable
from typing import Any

from gateway.doors.companion import Companion
from gateway.ground.overdue import Overdue


def telling(begun: asyncio.Event) -> Callable[[asyncio.Task[Any]], Any]:
    async def work(call: asyncio.Task[Any]) -> None:
        assert call.get_name() == "the call"
        begun.set()
        await asyncio.Event().wait()

    return work


async def named(call: Any) -> Any:
    return await asyncio.create_task(call, name="the call")


async def test_its_work_begins_once_the_call_is_not_young_any_more_and_ends_with_it() -> None:
    begun = asyncio.Event()

    async def call() -> asyncio.Task[None] | None:
        companion = Companion(Overdue(0.0), telling(begun))
        await begun.wait()
        assert not companion.is_done
        return companion.leave()

    ending = await named(call())
    await asyncio.wait([ending])
    assert ending.cancelled()


async def test_a_call_that_is_answered_at_once_has_none() -> None:
    async def call() -> None:
        young = Overdue(30.0)
        companion = Companion(young, telling(asyncio.Event()))
        assert companion.leave() is None
        assert not companion.is_done
        assert repr(young) == "<Overdue after 30 s: 0 waiting>"

    await named(call())


async def test_work_may_come_to_its_end_before_the_call() -> None:
    async def ends(call: asyncio.Task[Any]) -> None:
        call.cancel()

    async def call() -> bool:
        companion = Companion(Overdue(0.0), ends)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            companion.call.uncancel()
        return companion.is_done

    assert await named(call())
