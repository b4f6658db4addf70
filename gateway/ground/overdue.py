"""What takes longer than it should. One timer looks after all of one kind, however many come and go."""

import asyncio
from typing import Protocol

from gateway.ground.oneloop import OneLoop


class Late(Protocol):
    """Something that may take too long."""

    def late(self) -> None:
        """It did. It is not looked after any more."""


class Overdue:
    """Tells each that is still there `seconds` after it came.

    A timer of its own would cost a call more than being put into a table and taken out again: most are answered at
    once.
    """

    def __init__(self, seconds: float):
        self.seconds = seconds
        self.loop = OneLoop()
        self._until: dict[Late, float] = {}  # in the order in which they came, which is that of their ends
        self._looks = False

    def __repr__(self) -> str:
        return f"<Overdue after {self.seconds:g} s: {len(self._until)} waiting>"

    def add(self, each: Late, loop: asyncio.AbstractEventLoop) -> float:
        """Look after `each` from now on; when its time is over, in seconds of `loop`."""
        until = loop.time() + self.seconds
        self._until[each] = until
        if not self._looks:
            self._looks = True
            loop.call_at(until, self._look, loop)
        return until

    def discard(self, each: Late) -> None:
        """It ended in time, or is late already."""
        self._until.pop(each, None)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        """Tell those whose time is over, and come back when that of the next one is."""
        now = loop.time()
        late = [each for each, until in self._until.items() if until <= now]
        for each in late:
            del self._until[each]
        self._looks = bool(self._until)
        if self._looks:
            loop.call_at(next(iter(self._until.values())), self._look, loop)
        for each in late:
            each.late()
