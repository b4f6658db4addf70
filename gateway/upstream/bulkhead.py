"""A bound on how many calls one upstream has in flight, and on how many wait for a place."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from gateway.errors import GatewayError, UpstreamBusy


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
    async def place(self) -> AsyncGenerator["Place"]:
        """A place for one call.

        Raises:
            UpstreamBusy: the queue is full.
        """
        if self._places.locked() and self.waiting >= self._queue:
            raise self.refusal()
        place = Place(self)
        await self.take()
        try:
            yield place
        finally:
            place.leave()

    async def take(self) -> None:
        """Wait for a place, in turn."""
        self.waiting += 1
        try:
            await self._places.acquire()
        finally:
            self.waiting -= 1
        self.running += 1

    def give(self) -> None:
        """Give a place to whoever is next."""
        self.running -= 1
        self._places.release()

    def refusal(self) -> UpstreamBusy:
        """What to tell a call that finds no place."""
        return UpstreamBusy(
            self._namespace,
            f"has {self.running} calls running and {self.waiting} waiting. Nothing was sent; try again later.",
        )


class Place:
    """The place of one call, taken when it is made."""

    def __init__(self, bulkhead: Bulkhead):
        self._bulkhead = bulkhead
        self._taken = True
        self._left = False

    @asynccontextmanager
    async def vacated(self) -> AsyncGenerator[None]:
        """Let others have it meanwhile, and wait for one again; not where the call has been cancelled."""
        self._give()
        try:
            yield
        except GatewayError:
            await self._take()
            raise
        await self._take()

    def leave(self) -> None:
        """For good: what is still asked on behalf of the call takes no place any more."""
        self._left = True
        self._give()

    def _give(self) -> None:
        if self._taken:
            self._taken = False
            self._bulkhead.give()

    async def _take(self) -> None:
        if not self._left:
            await self._bulkhead.take()
            self._taken = True
