"""A task beside a call that is not answered at once."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from gateway.ground.overdue import Overdue

# Most calls are answered sooner. A client that leaves is noticed in time for its call to be stopped within the second
# that is promised.
MOMENT_SECONDS = 0.1


class Companion:
    """Does `work` beside the `call` that makes this, once that is no longer `young`, until `leave`.

    `work` gets the call's task.
    """

    __slots__ = ("_task", "_work", "_young", "call")

    def __init__(self, young: Overdue, work: Callable[[asyncio.Task[Any]], Coroutine[Any, Any, None]]):
        call = young.loop.task()
        assert call is not None
        self.call = call
        self._work = work
        self._young = young
        self._task: asyncio.Task[None] | None = None
        young.add(self, call.get_loop())

    def late(self) -> None:
        """Begin."""
        self._task = self.call.get_loop().create_task(self._work(self.call), name=f"beside {self.call.get_name()}")

    @property
    def is_done(self) -> bool:
        """Whether the work was done, and came to its end."""
        return self._task is not None and self._task.done()

    def leave(self) -> asyncio.Task[None] | None:
        """The call is over. The task that ends now is to be waited for; None where there is none, as for most calls."""
        self._young.discard(self)
        if self._task is not None:
            self._task.cancel()
        return self._task
