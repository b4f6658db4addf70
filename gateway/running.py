"""How many calls run, and a way to wait until those of now have ended."""

import asyncio
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

    def one(self, namespace: str) -> "_One":
        """A call, for as long as the block lasts."""
        count = self._counts.get(namespace)
        if count is None:
            count = self._counts[namespace] = _Count()
        return _One(self, count)

    async def ended(self, namespace: str) -> None:
        """Until every call to `namespace` that runs now has ended. Those that begin from now on count apart."""
        count = self._counts.pop(namespace, None)
        if count is not None and count.running:
            count.none = asyncio.Event()
            await count.none.wait()


class _One:
    """No generator: every call passes here."""

    __slots__ = ("_all", "_count")

    def __init__(self, running: Running, count: _Count):
        self._all = running
        self._count = count

    def __enter__(self) -> None:
        self._all.total += 1
        self._count.running += 1

    def __exit__(self, *_: object) -> None:
        count = self._count
        self._all.total -= 1
        count.running -= 1
        if not count.running and count.none is not None:
            count.none.set()
