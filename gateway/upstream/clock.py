"""The time and the place that a call has. People take minutes to answer: neither is used up while they are asked."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any

from gateway.errors import GatewayError
from gateway.upstream.asking import ANSWER_SECONDS
from gateway.upstream.bulkhead import Bulkhead
from gateway.upstream.session import Ask


class Clock:
    """Gives a call `seconds`, the wait for a place included, and stands still while its client is asked something.

    The call runs within `async with`. Its deadline is no `asyncio.timeout`, which costs three times as much.
    """

    def __init__(self, seconds: float, bulkhead: Bulkhead):
        self.asking = False
        """Whether it is an answer that the call waits for, or waited for when its time was over."""
        self._seconds = seconds
        self._place = bulkhead.place()
        self._turn: asyncio.Lock | None = None
        self._is_over = False
        self._is_late = False

    def left(self) -> float:
        """Seconds until its time is over."""
        return self._until - self._loop.time()

    async def __aenter__(self) -> None:
        """The call begins.

        Raises:
            TimeoutError: its time is over; this may come at any moment until it ends.
            UpstreamBusy: there is no place for it.
        """
        task = asyncio.current_task()
        assert task is not None
        self._task = task
        self._cancelling = task.cancelling()
        self._loop = task.get_loop()
        self._start(self._seconds)
        if self._place.taken_at_once():
            return
        try:
            await self._place.__aenter__()
        except BaseException as error:
            await self.__aexit__(type(error), error, None)
            raise

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_over = True
        self._place.leave()
        self._timer.cancel()
        if self._is_late and self._task.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
            raise TimeoutError from error

    def _start(self, seconds: float) -> None:
        self._until = self._loop.time() + seconds
        self._timer = self._loop.call_at(self._until, self._late)

    def _late(self) -> None:
        self._is_late = True
        self._task.cancel()

    def unhurried(self, ask: Ask) -> Ask:
        """`ask` with `ANSWER_SECONDS` of its own for the answer, one question at a time."""

        async def asked(method: str, params: dict[str, Any]) -> dict[str, Any]:
            if self._turn is None:
                self._turn = asyncio.Lock()
            async with self._turn, self._place.vacated(), self._stopped():
                return await ask(method, params)

        return asked

    @asynccontextmanager
    async def _stopped(self) -> AsyncGenerator[None]:
        """Time for an answer instead. A question that an upstream asks beside its calls may outlast its call."""
        if self._is_over:
            yield
            return
        left = self.left()
        self._set(ANSWER_SECONDS, asking=True)
        try:
            yield
        except GatewayError:
            self._set(left, asking=False)
            raise
        self._set(left, asking=False)

    def _set(self, seconds: float, *, asking: bool) -> None:
        if not self._is_over and not self._is_late:
            self.asking = asking
            self._timer.cancel()
            self._start(seconds)
