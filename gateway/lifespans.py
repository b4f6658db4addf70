"""The lifespans of services, each in a task of its own, so that a service can come and go while others serve on.

FastMCP would open those of all mounted servers in one task, and close them there at the end. A lifespan may hold what
only the task that opened it can close, such as the token of a context variable.
"""

import asyncio
from contextlib import AbstractAsyncContextManager

from fastmcp import FastMCP
from fastmcp.server.providers.fastmcp_provider import FastMCPProvider

from gateway.observe.logs import get_logger

log = get_logger(__name__)

# A service that does not come to its end must not keep the gateway from coming to its own.
CLOSE_SECONDS = 10.0


class _Open:
    """One lifespan: opened and closed by its task."""

    def __init__(self, lifespan: AbstractAsyncContextManager[None], name: str):
        self._ready = asyncio.Event()
        self._over = asyncio.Event()
        self._task = asyncio.create_task(self._run(lifespan), name=f"lifespan of {name}")
        self.users = 1

    async def _run(self, lifespan: AbstractAsyncContextManager[None]) -> None:
        async with lifespan:
            self._ready.set()
            await self._over.wait()

    async def ready(self) -> None:
        """Until it is open. What kept it from opening is raised, and so is a cancellation of the caller."""
        waiting = asyncio.create_task(self._ready.wait())
        try:
            await asyncio.wait({waiting, self._task}, return_when=asyncio.FIRST_COMPLETED)
            if self._task.done():
                self._task.result()
        finally:
            waiting.cancel()

    async def close(self) -> None:
        """Until it is closed, or has had its time."""
        self._over.set()
        if not self._ready.is_set():
            self._task.cancel()
        _, late = await asyncio.wait({self._task}, timeout=CLOSE_SECONDS)
        if late:
            self._task.cancel()
            log.error("a service took too long to close, and was left", task=self._task.get_name())
        elif self._ready.is_set() and not self._task.cancelled() and (failure := self._task.exception()) is not None:
            log.error("a service could not be closed", task=self._task.get_name(), exc_info=failure)


class Lifespans:
    """Which lifespans are open, and for how many namespaces: one server may be served under two."""

    def __init__(self) -> None:
        self._open: dict[FastMCP, _Open] = {}

    async def open(self, server: FastMCP) -> None:
        """Open the server's, unless it is open already. Each call needs its `close`.

        Raises:
            Exception: whatever the lifespan raised; then there is nothing to close.
        """
        known = self._open.get(server)
        if known is not None:
            known.users += 1
        else:
            known = self._open[server] = _Open(FastMCPProvider(server).lifespan(), server.name)
        try:
            await known.ready()
        except BaseException:  # a cancellation too
            await self.close(server)
            raise

    async def close(self, server: FastMCP) -> None:
        """Close the server's, if nobody else needs it."""
        known = self._open[server]
        known.users -= 1
        if not known.users:
            del self._open[server]
            await known.close()
