"""Hear of changes: what an upstream says by itself, of its lists and of the resources that somebody watches."""

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any

from gateway.errors import GatewayError, SessionLost, UpstreamLost, UpstreamTooLarge
from gateway.upstream.listener import Notify
from gateway.upstream.session import Session

log = logging.getLogger(__name__)

# After a dropped stream, listen again soon, and less and less eagerly while that fails.
AGAIN_SECONDS = (0.2, 1.0, 5.0, 30.0)
# A stream that ended sooner is as good as one that failed.
STEADY_SECONDS = 5.0
LIST_CHANGED = frozenset(
    {
        "notifications/tools/list_changed",
        "notifications/resources/list_changed",
        "notifications/prompts/list_changed",
    }
)
UPDATED = "notifications/resources/updated"

# Runs `listen(uris, notify)` of a session of ours, and returns when its stream ends.
Listen = Callable[[Callable[[Session], Awaitable[None]]], Awaitable[None]]


class Watcher:
    """Keeps one stream of changes open, and opens it anew when it drops or when other resources are watched.

    Args:
        listen: runs a function with the session to listen on.
        on_lists: called when a list has changed, or may have without anybody telling.
        on_updated: called with the upstream's own URI of a changed resource.
    """

    def __init__(self, namespace: str, listen: Listen, on_lists: Callable[[], None], on_updated: Callable[[str], None]):
        self._namespace = namespace
        self._listen = listen
        self._on_lists = on_lists
        self._on_updated = on_updated
        self._watched: Counter[str] = Counter()
        self._renew = asyncio.Event()
        self._failures = 0

    def watch(self, uri: str) -> None:
        """Somebody wants to hear of changes to `uri`."""
        self._watched[uri] += 1
        if self._watched[uri] == 1:
            self._renew.set()

    def unwatch(self, uri: str) -> None:
        """Somebody no longer does."""
        self._watched[uri] -= 1
        if self._watched[uri] <= 0:
            del self._watched[uri]
            self._renew.set()

    def take_over(self, other: "Watcher") -> None:
        """Watch from now on what `other` did for all who asked it to."""
        self._watched += other._watched
        self._renew.set()

    @property
    def watched(self) -> Collection[str]:
        """The resources that anybody watches."""
        return self._watched.keys()

    async def heard(self, method: str, params: dict[str, Any]) -> None:
        """Take one notification."""
        if method in LIST_CHANGED:
            self._on_lists()
        elif method == UPDATED and isinstance(uri := params.get("uri"), str):
            self._on_updated(uri)

    def again(self) -> None:
        """Listen anew at once: the upstream is back, or what it offers to tell has changed."""
        self._renew.set()

    async def run(self) -> None:
        """Listen until cancelled."""
        while True:
            self._renew.clear()
            if await self._until_renewed():
                await self._pause()

    async def _until_renewed(self) -> bool:
        """Listen; whether the stream ended by itself, and not because it is to be opened anew."""
        stream = asyncio.create_task(self._once(), name=f"changes of {self._namespace}")
        renewal = asyncio.create_task(self._renew.wait())
        try:
            await asyncio.wait({stream, renewal}, return_when=asyncio.FIRST_COMPLETED)
            return stream.done()
        finally:
            stream.cancel()
            renewal.cancel()
            await asyncio.wait({stream, renewal})

    async def _once(self) -> None:
        notify: Notify = self.heard
        uris = sorted(self._watched)
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            await self._listen(lambda session: session.listen(uris, notify))
        except (UpstreamLost, UpstreamTooLarge):
            pass  # dropped, or cut off after max_body bytes in all: that is how most streams end
        except (GatewayError, SessionLost) as error:
            self._failures += 1
            log.debug("upstream %s tells no changes: %s", self._namespace, error)
            return
        self._failures = 0 if loop.time() - began >= STEADY_SECONDS else self._failures + 1
        self._on_lists()  # between this stream and the next, nobody tells what changes

    async def _pause(self) -> None:
        seconds = AGAIN_SECONDS[min(self._failures, len(AGAIN_SECONDS) - 1)]
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._renew.wait()


def tells_changes(capabilities: Mapping[str, Any]) -> bool:
    """Whether an upstream says that it tells when its lists change."""
    announced = (capabilities.get(name) for name in ("tools", "resources", "prompts"))
    return any(isinstance(each, Mapping) and each.get("listChanged") is True for each in announced)
