"""When an upstream is asked what it offers."""

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable

from gateway.upstream.spacing import Spacing

log = logging.getLogger(__name__)

# One that is down is asked again soon, so that it is back within 10 s of its return.
RETRY_SECONDS = (1.0, 2.0, 4.0, 8.0)
# A tool that an upstream just got is found at once, but calls of names that do not exist must not turn into a stream of
# listing requests: so many in so many seconds.
MAX_ASKED = 5
ASKED_SECONDS = 10.0
TRIM_SECONDS = 30.0


class Keeper:
    """Has one upstream looked at: at its start, from time to time, and when somebody wants it; one look at a time.

    Args:
        look: looks once, and returns whether that went well. It is told whether somebody waits for a name.
        every: seconds between two looks that nobody asked for.
        limited_for: for how many seconds the upstream wants not to be asked.
        trim: called at least every `trim_every` seconds between two looks, to close what is idle.
    """

    def __init__(
        self,
        namespace: str,
        look: Callable[[bool], Awaitable[bool]],
        every: float,
        limited_for: Callable[[], float],
        trim: Callable[[], None],
        trim_every: float,
    ):
        self._namespace = namespace
        self._look = look
        self._every = every
        self._limited_for = limited_for
        self._trim = trim
        self._trim_every = min(TRIM_SECONDS, trim_every)
        self.rounds = 0
        """How many looks are over."""
        self.is_looking = False
        self._failures = 0
        self._wanted = asyncio.Event()
        self._called = False
        self._changed = False
        self._spacing = Spacing()
        self._later: asyncio.TimerHandle | None = None
        self._asked: deque[float] = deque(maxlen=MAX_ASKED)
        self._round_over = asyncio.Condition()
        self._task: asyncio.Task[None] | None = None

    def __repr__(self) -> str:
        return f"<Keeper {self._namespace} rounds={self.rounds} failures={self._failures}>"

    @property
    def runs(self) -> bool:
        """Whether it was started."""
        return self._task is not None

    def start(self) -> None:
        """Begin, in a task that `close` ends."""
        self._task = asyncio.create_task(self._run(), name=f"keeper {self._namespace}")

    def rest(self) -> None:
        """Look no more."""
        self._put_off(None)
        if self._task is not None:
            self._task.cancel()

    async def close(self) -> None:
        """The same, and until a look that runs has ended."""
        self.rest()
        if self._task is not None:
            await asyncio.wait([self._task])

    def want(self) -> None:
        """Look at once."""
        self._wanted.set()

    def changed(self) -> None:
        """Look because the upstream says that its lists changed: at once, but not without a pause where it says so
        without one. One look takes in all that was said before it began."""
        self._changed = True
        if self._later is None and not self.is_looking:
            self._look_at_change()

    def want_for_call(self) -> bool:
        """Look at once because somebody waits; whether it does, or did so too often of late."""
        if self._limited_for():
            return False
        if not (self.is_looking or self._wanted.is_set()):
            now = time.monotonic()
            if len(self._asked) == MAX_ASKED and now - self._asked[0] < ASKED_SECONDS:
                return False
            self._asked.append(now)
        self.want_whatever()
        return True

    def want_whatever(self) -> None:
        """Look at once because somebody waits, however often that was so."""
        self._called = True
        self._wanted.set()

    async def until_round(self, condition: Callable[[], bool]) -> None:
        """Until that holds at the end of a round, or holds already."""
        async with self._round_over:
            await self._round_over.wait_for(condition)

    async def next_round(self) -> None:
        """Until the round that runs is over, or the next one where none runs."""
        number = self.rounds + 1
        await self.until_round(lambda: self.rounds >= number)

    async def _run(self) -> None:
        while True:
            await self._round()
            await self._pause()

    async def _round(self) -> None:
        self._wanted.clear()
        self._put_off(None)
        called, self._called = self._called, False
        at_change, self._changed = self._changed, False
        self.is_looking = True
        try:
            went_well = await self._look(called)
        except Exception:  # what goes wrong with one upstream must not end the task that would mend it
            log.exception("upstream %s could not be asked", self._namespace)
            went_well = False
        self._failures = 0 if went_well else self._failures + 1
        self.is_looking = False
        if at_change:
            self._spacing.looked(time.monotonic())
        if self._changed:
            self._look_at_change()
        async with self._round_over:
            self.rounds += 1
            self._round_over.notify_all()

    def _look_at_change(self) -> None:
        wait = max(self._spacing.wait(time.monotonic()), self._limited_for())
        self._put_off(asyncio.get_running_loop().call_later(wait, self._wanted.set))

    def _put_off(self, later: asyncio.TimerHandle | None) -> None:
        """What wakes it for a change from now on."""
        if self._later is not None:
            self._later.cancel()
        self._later = later

    async def _pause(self) -> None:
        """Until the next look: a while, or until somebody wants it."""
        step = RETRY_SECONDS[min(self._failures, len(RETRY_SECONDS)) - 1] if self._failures else self._every
        until = time.monotonic() + max(step, self._limited_for())
        while (left := until - time.monotonic()) > 0:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(left, self._trim_every)):
                    await self._wanted.wait()
                    return
            self._trim()
