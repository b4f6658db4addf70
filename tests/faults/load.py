"""Calls without a pause while something breaks, and what became of each."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Self


@dataclass(frozen=True)
class Outcome:
    """One call: its number, when it began and ended (monotonic seconds), and what it came to."""

    number: int
    began: float
    ended: float
    answer: Any

    @property
    def seconds(self) -> float:
        return self.ended - self.began


@dataclass
class Load:
    """Runs `call` with one number after another, `at_once` at a time, for as long as the block lasts.

    A call that runs at the end is waited for, so that each has its outcome.
    """

    call: Callable[[int], Awaitable[Any]]
    at_once: int = 1
    outcomes: list[Outcome] = field(default_factory=list)
    _over: bool = False
    _number: int = 0
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    async def __aenter__(self) -> Self:
        self._callers = [asyncio.create_task(self._run()) for _ in range(self.at_once)]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._over = True
        await asyncio.gather(*self._callers)

    async def _run(self) -> None:
        while not self._over:
            self._number += 1
            number, began = self._number, time.monotonic()
            answer = await self.call(number)
            self.outcomes.append(Outcome(number, began, time.monotonic(), answer))
            self._news.set()

    async def outcome(self, fits: Callable[[Outcome], bool], seconds: float = 10.0) -> Outcome:
        """The first one from now on that fits."""
        seen = len(self.outcomes)
        async with asyncio.timeout(seconds):
            while True:
                for each in self.outcomes[seen:]:
                    if fits(each):
                        return each
                seen = len(self.outcomes)
                self._news.clear()
                await self._news.wait()
