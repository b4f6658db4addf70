"""A bound on programs that are being started at the same time."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

# `npx` and `uvx` keep a core busy for a second or more, and fetch packages: ten at once stall a small machine, the
# gateway included. One that has not answered after a few seconds waits for something else than a core, or hangs: others
# need not wait for it.
AT_ONCE = 4
LONGEST_SECONDS = 5.0


class Starts:
    """Places for starts. One gateway's programs share them."""

    def __init__(self, at_once: int = AT_ONCE, longest: float = LONGEST_SECONDS):
        self._places = asyncio.Semaphore(at_once)
        self._longest = longest

    @asynccontextmanager
    async def place(self) -> AsyncGenerator[None]:
        """A place for one start, given up when it is over or takes long."""
        await self._places.acquire()
        early = asyncio.get_running_loop().call_later(self._longest, self._places.release)
        try:
            yield
        finally:
            if early.when() > asyncio.get_running_loop().time():
                early.cancel()
                self._places.release()
