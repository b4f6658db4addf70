"""A bound on how many calls one upstream has in flight, and on how many wait for a place."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from gateway.errors import GatewayError, UpstreamBusy


class Bulkhead:
    """`limit` calls run, `queue` more wait in turn, the next is refused at once."""

    def __init__(self, namespace: str, limit: int, queue: int):
        self._namespace = namespace
        self._limit = limit
        self._queue = queue
        self._waiters: deque[asyncio.Future[None]] = deque()
        self.running = 0

    def __repr__(self) -> str:
        return f"<Bulkhead running={self.running} waiting={self.waiting}>"

    @property
    def waiting(self) -> int:
        """Calls that wait for a place."""
        return len(self._waiters)

    @property
    def is_full(self) -> bool:
        """Whether a call cannot even wait."""
        return len(self._waiters) >= self._queue and self.running >= self._limit

    def place(self) -> "Place":
        """A place for one call, for as long as it is entered.

        Raises, when it is entered:
            UpstreamBusy: the queue is full.
        """
        return Place(self)

    def taken_at_once(self) -> bool:
        """Take a place, if one is free."""
        if self.running >= self._limit:
            return False
        self.running += 1
        return True

    async def take(self) -> None:
        """Wait for a place, in turn."""
        if self.taken_at_once():
            return
        waiter = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        try:
            await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled():
                self.give()  # it came too late for this call
            elif waiter in self._waiters:  # not where `give` has passed it over meanwhile
                self._waiters.remove(waiter)
            raise

    def give(self) -> None:
        """Give a place to whoever is next; it never stands empty while somebody waits."""
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return
        self.running -= 1

    def refusal(self) -> UpstreamBusy:
        """What to tell a call that finds no place."""
        return UpstreamBusy(
            self._namespace,
            f"has {self.running} calls running and {self.waiting} waiting. Nothing was sent; try again later.",
        )


class Place:
    """The place of one call, taken when it is entered."""

    __slots__ = ("_bulkhead", "_left", "_taken")

    def __init__(self, bulkhead: Bulkhead):
        self._bulkhead = bulkhead
        self._taken = False
        self._left = False

    def taken_at_once(self) -> bool:
        """Take it, if that needs no waiting."""
        self._taken = self._bulkhead.taken_at_once()
        return self._taken

    async def __aenter__(self) -> "Place":
        if self._bulkhead.is_full:
            raise self._bulkhead.refusal()
        await self._take()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.leave()

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
