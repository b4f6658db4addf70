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

    The call runs within `async with`.
    """

    def __init__(self, seconds: float, bulkhead: Bulkhead):
        self.asking = False
        """Whether it is an answer that the call waits for, or waited for when its time was over."""
        self._timeout = asyncio.timeout(seconds)
        self._place = bulkhead.place()
        self._turn: asyncio.Lock | None = None
        self._over = False

    def left(self) -> float:
        """Seconds until its time is over."""
        until = self._timeout.when()
        assert until is not None
        return until - asyncio.get_running_loop().time()

    async def __aenter__(self) -> None:
        """The call begins.

        Raises:
            TimeoutError: its time is over; this may come at any moment until it ends.
            UpstreamBusy: there is no place for it.
        """
        await self._timeout.__aenter__()
        if self._place.taken_at_once():
            return
        try:
            await self._place.__aenter__()
        except BaseException as error:
            await self._timeout.__aexit__(type(error), error, None)
            raise

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over = True
        self._place.leave()
        await self._timeout.__aexit__(kind, error, trace)

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
        if self._over:
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
        if not self._over:
            self.asking = asking
            self._timeout.reschedule(asyncio.get_running_loop().time() + seconds)
