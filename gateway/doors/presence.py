"""Whether its client is still there while a call runs; one that left ends the call."""

import asyncio
from collections.abc import Awaitable
from functools import partial
from typing import TypeVar

from starlette.types import Receive

from gateway.doors.companion import MOMENT_SECONDS, Companion
from gateway.doors.meanwhile import Ping, watch
from gateway.ground.overdue import Overdue

T = TypeVar("T")


class ClientLeft(Exception):
    """The client closed its connection before it had its answer; the call was cancelled."""


class Presence:
    """Watches over the clients of calls that take longer than a moment."""

    def __init__(self) -> None:
        self._young = Overdue(MOMENT_SECONDS)

    async def during(self, receive: Receive, ping: Ping, work: Awaitable[T]) -> T:
        """The result of `work`, unless the client leaves before.

        Args:
            receive: of the request, whose body has been read.
            ping: called each 15 s while nothing else may have been said.

        Raises:
            ClientLeft: it did, and `work` was cancelled.
        """
        watcher = Companion(self._young, partial(watch, receive, ping))
        failure: BaseException | None = None
        try:
            result = await work
        except BaseException as error:  # noqa: BLE001  # raised below: see docs/adr/0011-an-optional-compiled-build.md
            failure = error
        has_left = watcher.is_done
        if (ending := watcher.leave()) is not None:
            await asyncio.wait([ending])
        if failure is None:
            return result
        if has_left and isinstance(failure, asyncio.CancelledError):
            watcher.call.uncancel()
            raise ClientLeft
        try:
            raise failure
        finally:
            del failure  # its traceback has this frame
