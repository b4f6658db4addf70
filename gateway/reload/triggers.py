"""What makes a running gateway read its configuration again."""

import asyncio
import signal
from collections.abc import AsyncGenerator, Generator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from gateway.reload.control import controlled
from gateway.reload.files import Files
from gateway.reload.reloader import Reloader


@asynccontextmanager
async def triggered(reloader: Reloader, *, by_signal: bool) -> AsyncGenerator[None]:
    """While this is open, a changed file, `gateway reload` and, if so wanted, SIGHUP make it reload."""

    async def on_request() -> Mapping[str, Any]:
        return (await reloader.reload("gateway reload")).as_dict()

    async def on_question() -> Mapping[str, Any]:
        return reloader.state()

    hangups: asyncio.Queue[None] = asyncio.Queue(1)
    tasks = [
        asyncio.create_task(_on_files(reloader, Files(lambda: reloader.files)), name="reload on changed files"),
        asyncio.create_task(_on_hangup(reloader, hangups), name="reload on SIGHUP"),
    ]
    try:
        with _hangup(hangups, wanted=by_signal):
            async with controlled(reloader.loaded.state_dir, {"reload": on_request, "status": on_question}):
                yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


async def _on_files(reloader: Reloader, files: Files) -> None:
    async for _ in files.changes():
        await reloader.reload("a file changed")


async def _on_hangup(reloader: Reloader, hangups: asyncio.Queue[None]) -> None:
    while True:
        await hangups.get()
        await reloader.reload("SIGHUP")


@contextmanager
def _hangup(hangups: asyncio.Queue[None], *, wanted: bool) -> Generator[None]:
    """SIGHUP put into the queue, where signals reach us: not in another thread than the main one, nor on Windows."""

    def on_signal() -> None:
        if hangups.empty():
            hangups.put_nowait(None)

    loop = asyncio.get_running_loop()
    try:
        if wanted:
            loop.add_signal_handler(signal.SIGHUP, on_signal)
    except (AttributeError, NotImplementedError, RuntimeError, ValueError):
        wanted = False
    try:
        yield
    finally:
        if wanted:
            loop.remove_signal_handler(signal.SIGHUP)
