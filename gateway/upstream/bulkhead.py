"""A bound on how many calls one upstream has in flight, and on how many wait for a place."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from gateway.errors import UpstreamBusy


class Bulkhead:
    """`limit` calls run, `queue` more wait in turn, the next is refused at once."""

    def __init__(self, namespace: str, limit: int, queue: int):
        self._namespace = namespace
        self._queue = queue
        self._places = asyncio.Semaphore(limit)
        self.running = 0
        self.waiting = 0

    def __repr__(self) -> str:
        return f"<Bulkhead running={self.running} waiting={self.waiting}>"

    @asynccontextmanager
    async def place(self) -> AsyncGenerator[None]:
        """A place for one call.

        Raises:
            UpstreamBusy: the queue is full.
        """
        if self._places.locked() and self.waiting >= self._queue:
            raise self.refusal()
        self.waiting += 1
        try:
            await self._places.acquire()
        finally:
            self.waiting -= 1
        self.running += 1
        try:
            yield
        finally:
            self.running -= 1
            self._places.release()

    def refusal(self) -> UpstreamBusy:
        """What to tell a call that finds no place."""
        return UpstreamBusy(
            self._namespace,
            f"has {self.running} calls running and {self.waiting} waiting. Nothing was sent; try again later.",
        )
