"""The event loop that something lives in, found once."""

import asyncio
from typing import Any


class OneLoop:
    """Knows the loop of whoever has this, and so the task that runs there.

    `asyncio.current_task()` looks for the loop each time, and with that asks the system for the number of the process,
    in Python 3.11: as many system calls for each call as there are to pass it on.
    """

    __slots__ = ("_loop",)

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None

    def running(self) -> asyncio.AbstractEventLoop:
        """The loop that runs, within a task."""
        task = self.task()
        assert task is not None
        return task.get_loop()

    def task(self) -> asyncio.Task[Any] | None:
        """The task that runs; None where none does."""
        task = asyncio.current_task(self._loop) if self._loop is not None else None
        if task is None:  # the first time, or in another loop than before
            self._loop = asyncio.get_running_loop()
            task = asyncio.current_task(self._loop)
        return task
