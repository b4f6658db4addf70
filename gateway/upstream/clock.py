"""The time and the place that a call has. People take minutes to answer: neither is used up while they are asked."""

import asyncio
from types import TracebackType
from typing import Any

from gateway.errors import GatewayError
from gateway.ground.overdue import Overdue
from gateway.upstream.asking import ANSWER_SECONDS
from gateway.upstream.bulkhead import Bulkhead
from gateway.upstream.listener import Ask


class Clock:
    """Gives a call the time of `deadline`, the wait for a place included, and stands still while its client is asked
    something. The call runs within `with`.

    It is no `asyncio.timeout`, which costs several times as much.
    """

    def __init__(self, deadline: Overdue, bulkhead: Bulkhead):
        self.asking = False
        """Whether it is an answer that the call waits for, or waited for when its time was over."""
        self._deadline = deadline
        self._bulkhead = bulkhead
        self._has_place = False
        self._timer: asyncio.TimerHandle | None = None
        self._turn: asyncio.Lock | None = None
        self._is_over = False
        self._is_late = False

    def left(self) -> float:
        """Seconds until its time is over."""
        return self._until - self._loop.time()

    def __enter__(self) -> "Clock":
        """The call begins.

        Raises:
            TimeoutError: its time is over; this may come at any moment until it ends.
        """
        task = self._deadline.loop.task()
        assert task is not None
        self._task = task
        self._cancelling = task.cancelling()
        self._loop = task.get_loop()
        self._until = self._deadline.add(self, self._loop)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_over = True
        self._leave_place()
        self._stop()
        if self._is_late and self._task.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
            raise TimeoutError from error

    def late(self) -> None:
        """End the call: its time is over."""
        self._is_late = True
        self._task.cancel()

    def has_place(self) -> bool:
        """Take a place, if one is free."""
        self._has_place = self._bulkhead.taken_at_once()
        return self._has_place

    async def place(self) -> None:
        """Wait for a place.

        Raises:
            UpstreamBusy: there is no room to wait in.
        """
        await self._bulkhead.enter()
        self._has_place = True

    def _leave_place(self) -> None:
        if self._has_place:
            self._has_place = False
            self._bulkhead.give()

    async def unhurried(self, ask: Ask, method: str, params: dict[str, Any]) -> dict[str, Any]:
        """What `ask` answers, with `ANSWER_SECONDS` of its own for that, one question at a time; others have the place
        meanwhile. Both are taken up again after it, but not where the call has been cancelled."""
        if self._turn is None:
            self._turn = asyncio.Lock()
        async with self._turn:
            left = self.left()
            self._leave_place()
            self._set(ANSWER_SECONDS, asking=True)
            try:
                answer = await ask(method, params)
            except GatewayError:
                await self._go_on(left)
                raise
            await self._go_on(left)
            return answer

    async def _go_on(self, left: float) -> None:
        """A question that an upstream asks beside its calls may outlast its call, which needs no place then."""
        self._set(left, asking=False)
        if self._is_over:
            return
        await self._bulkhead.take()
        if self._is_over:  # while it waited for the place
            self._bulkhead.give()
        else:
            self._has_place = True

    def _set(self, seconds: float, *, asking: bool) -> None:
        if not self._is_over and not self._is_late:
            self.asking = asking
            self._stop()
            self._until = self._loop.time() + seconds
            self._timer = self._loop.call_at(self._until, self.late)

    def _stop(self) -> None:
        if self._timer is None:
            self._deadline.discard(self)
        else:
            self._timer.cancel()
