"""A bound on how many calls one upstream has in flight, and on how many wait for a place."""

import asyncio
from collections import deque

from gateway.errors import UpstreamBusy


class Bulkhead:
    """`limit` calls run, `queue` more wait in turn, the next is refused at once."""

    __slots__ = ("_limit", "_namespace", "_queue", "_waiters", "running")

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

    def taken_at_once(self) -> bool:
        """Take a place, if one is free."""
        if self.running >= self._limit:
            return False
        self.running += 1
        return True

    async def enter(self) -> None:
        """Wait for a place, in turn.

        Raises:
            UpstreamBusy: the queue is full.
        """
        if self.is_full:
            raise self.refusal()
        await self.take()

    async def take(self) -> None:
        """The same for who may not be refused, having had a place before."""
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
