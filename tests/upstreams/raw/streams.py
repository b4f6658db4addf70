"""A stream of messages that readers follow, leave, and come back to."""

import asyncio
from collections.abc import AsyncIterator

from tests.upstreams.raw.wire import Json


class Stream:
    """Everything that was put, in order. `read` is how far a reader got, so that the next one can go on from there."""

    def __init__(self, name: str = ""):
        self.name = name
        self.read = 0
        self.dropped = False
        self._messages: list[Json] = []
        self._ended = False
        self._changed = asyncio.Event()

    def put(self, message: Json) -> None:
        self._messages.append(message)
        self._wake()

    def end(self, *, dropped: bool = False) -> None:
        """Nothing more comes. `dropped`: the connection of who reads it is to be cut off."""
        self.dropped = dropped
        self._ended = True
        self._wake()

    def ends_with(self, position: int) -> bool:
        """Whether the message at this position is the last that will ever be."""
        return self._ended and position == len(self._messages) - 1

    async def follow(self, start: int = 0) -> AsyncIterator[tuple[int, Json]]:
        """Positions and messages from `start` on, those to come included, until the stream ends."""
        while True:
            while start < len(self._messages):
                yield start, self._messages[start]
                start += 1
                self.read = start
            if self._ended:
                return
            await self._changed.wait()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
