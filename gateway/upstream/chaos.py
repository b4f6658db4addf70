"""Faults on purpose, at the one place where everything passes that is asked of an upstream: its sessions.

Only `gateway chaos` has them; a session without them is not touched, and costs nothing more.
"""

import asyncio
import logging
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

from gateway.errors import UpstreamLost
from gateway.model.chaos import Chaos
from gateway.upstream.entries import LISTS
from gateway.upstream.http_wire import UpstreamHttpError
from gateway.upstream.listener import Listener
from gateway.upstream.session import UNKNOWN, Session
from gateway.upstream.shapes import METHODS

CALL_METHODS = frozenset(METHODS.values())
LIST_METHODS = frozenset(each.method for each in LISTS.values())

Request = Callable[[str, dict[str, Any], Listener, Mapping[str, str]], Awaitable[dict[str, Any]]]

log = logging.getLogger(__name__)


class Disturbance:
    """The faults of one upstream. `chance` gives numbers from 0 to 1, `clock` seconds.

    `met` counts what requests met with: `error`, `cut` or `hang`.
    """

    def __init__(
        self,
        namespace: str,
        chaos: Chaos,
        chance: Callable[[], float] = random.random,
        clock: Callable[[], float] = time.monotonic,
    ):
        self.chaos = chaos
        self.met: Counter[str] = Counter()
        self._namespace = namespace
        self._chance = chance
        self._clock = clock
        self._began = clock()

    def __repr__(self) -> str:
        return f"<Disturbance {self._namespace} {self.chaos}>"

    def tell(self) -> None:
        """Say in the log what is to come."""
        log.warning("CHAOS: upstream %s is disturbed on purpose: %s", self._namespace, self.chaos)

    def disturb(self, session: Session) -> None:
        """Have requests of `session` meet with the faults. All else of it stays its own, so none is missed."""
        session.request = partial(self._request, session.request)

    async def _request(
        self, request: Request, method: str, params: dict[str, Any], listener: Listener, headers: Mapping[str, str]
    ) -> dict[str, Any]:
        fault = ""
        if method in CALL_METHODS or (self.chaos.lists and method in LIST_METHODS):
            fault = await self._before(method)
        result = await request(method, params, listener, headers)
        if fault == "cut":  # after it ran: that is what makes a lost answer worse than an error
            raise UpstreamLost(self._namespace, f"lost the connection: cut by `gateway chaos`. {UNKNOWN}")
        if method == "tools/list" and self._has_changed():
            return {**result, "tools": _changed(result.get("tools"))}
        return result

    async def _before(self, method: str) -> str:
        """Wait, fail or hang as it is drawn; what is to come after the request."""
        fault = self._draw()
        if fault:
            self.met[fault] += 1
            log.warning("CHAOS: %s at upstream %s meets with: %s", method, self._namespace, fault)
        await asyncio.sleep(self.chaos.latency)
        if fault == "hang":
            await asyncio.Event().wait()  # until the call's deadline
        if fault == "error":
            raise UpstreamHttpError(self._namespace, 500)
        return fault

    def _draw(self) -> str:
        drawn = self._chance()
        for fault, share in (("error", self.chaos.errors), ("cut", self.chaos.cuts), ("hang", self.chaos.hangs)):
            if drawn < share:
                return fault
            drawn -= share
        return ""

    def _has_changed(self) -> bool:
        period = self.chaos.changed_tools
        return period > 0 and (self._clock() - self._began) // period % 2 == 1

    def state(self) -> dict[str, Any]:
        """For status: what it does, in words, and what requests met with."""
        return {"does": str(self.chaos), "met": dict(self.met)}


def _changed(tools: Any) -> Any:
    """Every second tool gone, the others with another description."""
    if not isinstance(tools, list):
        return tools
    return [{**tool, "description": "Changed by `gateway chaos`."} for tool in tools[::2] if isinstance(tool, Mapping)]
