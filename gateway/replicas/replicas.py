"""Tell the other replicas when an upstream offers something else, and look when one of them says so.

Each replica listens to each upstream itself. But many upstreams tell nobody that their lists changed: then the first
replica to find out, by a call of an unknown name or by its timer, spares the others the wait for their own. The workers
of one gateway are such replicas too, and need nothing between them.
"""

import importlib
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, nullcontext
from datetime import UTC, datetime
from typing import Any

from gateway.config.model import ReplicasConfig
from gateway.doors.workers.peers import Peers
from gateway.observe.redact import REDACTOR
from gateway.replicas.news import News
from gateway.replicas.state import LinkState
from gateway.runtime import Runtime

# Loaded only where it is needed: the library that it stands on would make every start a fifth slower.
LINK = "gateway.replicas.link"
LISTED = "listed"
"""What workers tell each other of, beside what they ask each other."""


class Replicas:
    """What this gateway tells the others, and makes of what it hears. Without a URL and other workers it is alone."""

    def __init__(self, runtime: Runtime, config: ReplicasConfig, peers: Peers | None = None):
        self._alone = LinkState("off", time.time())
        self._news = News(runtime, self._say)
        self._peers = peers
        self._link: Any = None
        if config.url is not None:
            link = importlib.import_module(LINK).Link
            url, channel = config.url.get_secret_value(), config.channel
            self._link = link(url, channel, self._news.look_at_all, self._news.heard)
        if peers is not None:
            peers.hears[LISTED] = self._news.heard
        if config.url is not None or peers is not None:
            runtime.on_listed = self._news.listed

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[None]:
        """In touch with the others, for as long as the block lasts; it never waits for them."""
        async with nullcontext() if self._link is None else self._link.open():
            try:
                yield
            finally:
                self._news.close()
                if self._peers is not None:
                    await self._peers.said()

    async def tried(self) -> None:
        """Until the first attempt to reach them has ended, well or not."""
        if self._link is not None:
            await self._link.tried()

    def state(self) -> dict[str, Any]:
        """For status, readiness, metrics and the command line."""
        state: LinkState = self._alone if self._link is None else self._link.state
        return {
            "state": state.name,
            "since": datetime.fromtimestamp(state.since, UTC).isoformat(timespec="seconds"),
            "reason": REDACTOR.text(state.reason),
            "said": self._link.said if self._link is not None else 0,
            "heard": self._link.heard if self._link is not None else 0,
        }

    def _say(self, topic: str, text: str) -> None:
        if self._link is not None:
            self._link.say(topic, text)  # which the other workers hear as well
        elif self._peers is not None:
            self._peers.say(LISTED, text)
