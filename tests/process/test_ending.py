"""What is waited for at the end, and what is not."""

import asyncio
from typing import Any

import pytest
from sse_starlette.sse import AppStatus

from gateway.process.ending import Streams, Unanswered


class App:
    """Takes each request until it is let go."""

    def __init__(self) -> None:
        self.let_go = asyncio.Event()
        self.fails = False

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.let_go.wait()
        if self.fails:
            raise RuntimeError("as apps do")


def start(unanswered: Unanswered, method: str, kind: str = "http", **headers: str) -> asyncio.Task[None]:
    pairs = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": kind, "method": method, "headers": pairs}
    return asyncio.ensure_future(unanswered(scope, None, None))  # ty: ignore[invalid-argument-type]


async def has_finished(unanswered: Unanswered) -> bool:
    finishing = asyncio.create_task(unanswered.finished())
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
    unanswered = Unanswered(app)
    assert await has_finished(unanswered)
    running = [
        start(unanswered, "POST"),
        start(unanswered, "POST", mcp_method="tools/call"),
        start(unanswered, "DELETE"),
    ]
    assert not await has_finished(unanswered)
    running[0].cancel()
    assert not await has_finished(unanswered)
    app.let_go.set()
    await asyncio.gather(*running, return_exceptions=True)
    assert await has_finished(unanswered)


async def test_who_only_listens_is_not_waited_for():
    app = App()
    unanswered = Unanswered(app)
    listening = [
        start(unanswered, "GET"),
        start(unanswered, "POST", mcp_method="subscriptions/listen"),
        start(unanswered, "", kind="lifespan"),
    ]
    assert await has_finished(unanswered)
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
