"""What is waited for at the end, and what is not."""

import asyncio
import logging
from typing import Any

import pytest
from sse_starlette.sse import AppStatus

from gateway.drain import Drains, Exchanges, Streams


class App:
    """Takes each request until it is let go."""

    def __init__(self) -> None:
        self.let_go = asyncio.Event()
        self.fails = False

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.let_go.wait()
        if self.fails:
            raise RuntimeError("as apps do")


def start(exchanges: Exchanges, method: str, kind: str = "http", **headers: str) -> asyncio.Task[None]:
    pairs = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": kind, "method": method, "headers": pairs}
    return asyncio.ensure_future(exchanges(scope, None, None))  # ty: ignore[invalid-argument-type]


async def has_finished(exchanges: Exchanges) -> bool:
    finishing = asyncio.create_task(exchanges.finished())
    for _ in range(3):
        await asyncio.sleep(0)
    done = finishing.done()
    finishing.cancel()
    await asyncio.wait([finishing])
    return done


@pytest.mark.parametrize("fails", [False, True])
async def test_every_request_is_waited_for_however_it_ends(fails: bool):
    app = App()
    app.fails = fails
    exchanges = Exchanges(app)
    assert await has_finished(exchanges)
    running = [start(exchanges, "POST"), start(exchanges, "POST", mcp_method="tools/call"), start(exchanges, "DELETE")]
    assert not await has_finished(exchanges)
    running[0].cancel()
    assert not await has_finished(exchanges)
    app.let_go.set()
    await asyncio.gather(*running, return_exceptions=True)
    assert await has_finished(exchanges)


async def test_who_only_listens_is_not_waited_for():
    app = App()
    exchanges = Exchanges(app)
    listening = [
        start(exchanges, "GET"),
        start(exchanges, "POST", mcp_method="subscriptions/listen"),
        start(exchanges, "", kind="lifespan"),
    ]
    assert await has_finished(exchanges)
    app.let_go.set()
    await asyncio.gather(*listening)


def test_streams_are_ended_when_we_say_so_and_the_next_server_starts_afresh():
    with Streams() as streams:
        assert not AppStatus.enable_automatic_graceful_drain
        assert not AppStatus.should_exit
        streams.end()
        assert AppStatus.should_exit
    assert AppStatus.enable_automatic_graceful_drain
    assert not AppStatus.should_exit


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
