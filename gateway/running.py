"""How many calls run, and a way to wait until those of now have ended."""

import asyncio
from dataclasses import dataclass


@dataclass(slots=True)
class Count:
    """How many run, and an event for who waits until none does."""

    running: int = 0
    none: asyncio.Event | None = None


class Running:
    """The calls to each namespace that have begun and not ended."""

    def __init__(self) -> None:
        self._counts: dict[str, Count] = {}
        self.total = 0

    def enter(self, namespace: str) -> Count:
        """A call begins; what comes back has to be given to `leave` when it ends."""
        count = self._counts.get(namespace)
        if count is None:
            count = self._counts[namespace] = Count()
        self.total += 1
        count.running += 1
        return count

    def leave(self, count: Count) -> None:
        """The call has ended."""
        self.total -= 1
        count.running -= 1
        if not count.running and count.none is not None:
            count.none.set()

    async def ended(self, namespace: str) -> None:
        """Until every call to `namespace` that runs now has ended. Those that begin from now on count apart."""
        count = self._counts.pop(namespace, None)
        if count is not None and count.running:
            count.none = asyncio.Event()
            await count.none.wait()
