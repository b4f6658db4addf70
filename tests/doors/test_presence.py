"""A call ends when its client leaves, and a stream on which nothing is said is kept alive."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from gateway.doors import meanwhile, presence
from gateway.doors.presence import ClientLeft, Presence

Receive = Callable[[], Any]


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence, "MOMENT_SECONDS", 0.0)


def client(left: asyncio.Event) -> Receive:
    async def receive() -> dict[str, str]:
        await left.wait()
        return {"type": "http.disconnect"}

    return receive


async def no_ping() -> None:
    raise AssertionError("nothing to keep alive")


async def test_the_result_is_the_works() -> None:
    async def work() -> int:
        return 5

    assert await Presence().during(client(asyncio.Event()), no_ping, work()) == 5


async def test_the_work_is_cancelled_when_the_client_leaves() -> None:
    left, cancelled = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        left.set()
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    with pytest.raises(ClientLeft):
        await Presence().during(client(left), no_ping, work())
    assert cancelled.is_set()
    task = asyncio.current_task()
    assert task is not None
    assert not task.cancelling()


async def test_being_cancelled_by_another_is_no_leaving() -> None:
    started = asyncio.Event()

    async def work() -> None:
        started.set()
        await asyncio.Event().wait()

    async def called() -> None:  # as every request is: a task that begins with a compiled coroutine keeps its errors
        await Presence().during(client(asyncio.Event()), no_ping, work())

    task = asyncio.create_task(called())
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_silent_stream_is_pinged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meanwhile, "PING_SECONDS", 0.0)
    pinged = asyncio.Event()

    async def ping() -> None:
        pinged.set()

    async def work() -> str:
        await pinged.wait()
        return "done"

    assert await Presence().during(client(asyncio.Event()), ping, work()) == "done"


async def test_a_call_that_is_answered_at_once_is_not_watched_over() -> None:
    async def receive() -> Any:
        raise AssertionError("nobody asks")

    async def work() -> int:
        return 5

    presence = Presence()
    assert await presence.during(receive, no_ping, work()) == 5
    assert await presence.during(receive, no_ping, asyncio.sleep(0, 7)) == 7
