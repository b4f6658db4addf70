"""The stream of changes: opened, dropped, refused, and opened anew for other resources."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest

from gateway.errors import UpstreamAnswered, UpstreamError, UpstreamLost, UpstreamTooLarge
from gateway.upstream.listener import Notify
from gateway.upstream.session import Session
from gateway.upstream.watch import Watcher

LISTS = "notifications/tools/list_changed"
UPDATED = "notifications/resources/updated"


class Script:
    """An upstream whose streams a test opens, feeds and ends."""

    def __init__(self) -> None:
        self.opened: asyncio.Queue[tuple[list[str], Notify]] = asyncio.Queue()
        self.endings: asyncio.Queue[Exception | None] = asyncio.Queue()
        self.told: asyncio.Queue[str] = asyncio.Queue()
        self.watcher = Watcher("up", self.run, lambda: self.told.put_nowait("lists"), self.told.put_nowait)

    async def run(self, use: Callable[[Session], Awaitable[None]]) -> None:
        await use(cast(Session, self))

    async def listen(self, uris: Collection[str], notify: Notify) -> None:
        self.opened.put_nowait((list(uris), notify))
        ending = await self.endings.get()
        if ending is not None:
            raise ending


@asynccontextmanager
async def watching() -> AsyncGenerator[Script]:
    script = Script()
    task = asyncio.create_task(script.watcher.run())
    try:
        yield script
    finally:
        task.cancel()
        await asyncio.wait([task])


async def soon(queue: asyncio.Queue[Any]) -> Any:
    async with asyncio.timeout(5):
        return await queue.get()


async def test_what_changed_is_passed_on_and_anything_else_is_not():
    async with watching() as script:
        _, notify = await soon(script.opened)
        await notify("notifications/message", {"level": "info"})
        await notify(UPDATED, {"uri": 7})
        await notify(LISTS, {})
        await notify(UPDATED, {"uri": "text://one"})
        assert [await soon(script.told), await soon(script.told)] == ["lists", "text://one"]


async def test_another_watched_resource_opens_the_stream_anew_for_both():
    async with watching() as script:
        script.watcher.watch("text://one")
        script.watcher.watch("text://one")
        uris: list[str] = []
        while uris != ["text://one"]:
            uris, _ = await soon(script.opened)
        script.watcher.watch("text://two")
        assert (await soon(script.opened))[0] == ["text://one", "text://two"]
        script.watcher.unwatch("text://two")
        assert (await soon(script.opened))[0] == ["text://one"]
        script.watcher.unwatch("text://one")
        assert list(script.watcher.watched) == ["text://one"]


@pytest.mark.parametrize("ending", [UpstreamLost, UpstreamTooLarge])
async def test_a_dropped_stream_is_opened_again_and_the_lists_are_looked_at(ending: type[UpstreamError]):
    async with watching() as script:
        await soon(script.opened)
        script.endings.put_nowait(ending("up", "went away."))
        assert await soon(script.told) == "lists"
        await soon(script.opened)


async def test_a_refusal_is_no_change():
    async with watching() as script:
        await soon(script.opened)
        script.endings.put_nowait(UpstreamAnswered(-32601, "Method not found"))
        await soon(script.opened)
        assert script.told.empty()


async def test_it_listens_at_once_when_the_upstream_is_back():
    async with watching() as script:
        await soon(script.opened)
        script.watcher.again()
        await soon(script.opened)


async def test_another_watcher_takes_over_what_is_watched() -> None:
    async with watching() as older, watching() as newer:
        older.watcher.watch("mem://a")
        older.watcher.watch("mem://a")
        assert (await soon(newer.opened))[0] == []
        newer.watcher.take_over(older.watcher)
        assert (await soon(newer.opened))[0] == ["mem://a"]
        newer.watcher.unwatch("mem://a")
        assert list(newer.watcher.watched) == ["mem://a"]


async def test_a_stream_that_always_ends_at_once_is_opened_less_and_less_eagerly(monkeypatch: pytest.MonkeyPatch):
    pauses: list[float] = []

    @asynccontextmanager
    async def noted(seconds: float) -> AsyncGenerator[None]:
        pauses.append(seconds)
        raise TimeoutError
        yield

    monkeypatch.setattr(asyncio, "timeout", noted)
    async with watching() as script:
        for _ in range(6):
            script.endings.put_nowait(None)
        for _ in range(7):
            await script.opened.get()
    assert pauses == [1.0, 5.0, 30.0, 30.0, 30.0, 30.0]
