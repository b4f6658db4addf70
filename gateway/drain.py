"""Let what no longer serves finish, and then close it."""

import asyncio
from collections.abc import Awaitable, Callable

from gateway.observe.logs import get_logger

log = get_logger(__name__)


class Drains:
    """What no longer serves, while the calls that it still has run on. Each is closed after them."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self._hurry = asyncio.Event()

    def start(
        self, name: str, ended: Callable[[], Awaitable[None]], close: Callable[[], Awaitable[None]], seconds: float
    ) -> None:
        """Have `close` called when `ended` has returned, or after so many seconds."""
        task = asyncio.create_task(self._drain(name, ended, close, seconds), name=f"drain of {name}")
        self._tasks.add(task)
        task.add_done_callback(self._done)

    async def _drain(
        self, name: str, ended: Callable[[], Awaitable[None]], close: Callable[[], Awaitable[None]], seconds: float
    ) -> None:
        waits = [asyncio.ensure_future(each) for each in (ended(), self._hurry.wait())]
        done, late = await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for wait in late:
            wait.cancel()
        if not done:
            log.warning("closed with calls still running", what=name, waited=seconds)
        await close()

    async def done(self) -> None:
        """Until all of it is closed."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def finish(self) -> None:
        """Close everything now, and return when it is."""
        self._hurry.set()
        await self.done()
        self._hurry = asyncio.Event()

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (failure := task.exception()) is not None:
            log.error("could not be closed", what=task.get_name(), exc_info=failure)
