"""How many calls run, and a way to wait until those of now have ended."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(slots=True)
class _Count:
    running: int = 0
    none: asyncio.Event | None = None


class Running:
    """The calls to each namespace that have begun and not ended."""

    def __init__(self) -> None:
        self._counts: dict[str, _Count] = {}
        self.total = 0

    @contextmanager
    def one(self, namespace: str) -> Generator[None]:
        """A call, for as long as the block lasts."""
        count = self._counts.setdefault(namespace, _Count())
        count.running += 1
        self.total += 1
        try:
            yield
        finally:
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
