"""A client that leaves ends its call, and a stream on which nothing is said is kept alive."""

import asyncio

import pytest

from gateway.doors import meanwhile
from gateway.doors.meanwhile import watch


async def never() -> None:
    await asyncio.Event().wait()


async def no_ping() -> None:
    raise AssertionError("nothing to keep alive")


async def test_a_call_is_cancelled_once_its_client_leaves() -> None:
    messages = iter(["http.request", "http.disconnect"])

    async def receive() -> dict[str, str]:
        return {"type": next(messages)}

    call = asyncio.create_task(never())
    await watch(receive, no_ping, call)
    with pytest.raises(asyncio.CancelledError):
        await call


async def test_a_silent_stream_is_pinged_again_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meanwhile, "PING_SECONDS", 0.0)
    pings: list[None] = []
    left = asyncio.Event()

    async def ping() -> None:
        pings.append(None)
        if len(pings) == 2:
            left.set()
            monkeypatch.setattr(meanwhile, "PING_SECONDS", 30.0)

    async def receive() -> dict[str, str]:
        await left.wait()
        return {"type": "http.disconnect"}

    call = asyncio.create_task(never())
    await watch(receive, ping, call)
    assert len(pings) == 2
    with pytest.raises(asyncio.CancelledError):
        await call
