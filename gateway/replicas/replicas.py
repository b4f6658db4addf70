"""Tell the other replicas when an upstream offers something else, and look when one of them says so.

Each replica listens to each upstream itself. But many upstreams tell nobody that their lists changed: then the first
replica to find out, by a call of an unknown name or by its timer, spares the others the wait for their own.
"""

import asyncio
import importlib
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Any

import orjson

from gateway.config.model import ReplicasConfig
from gateway.observe.redact import REDACTOR
from gateway.replicas.state import LinkState
from gateway.runtime import Runtime

# Loaded only where it is needed: the library that it stands on would make every start a fifth slower.
LINK = "gateway.replicas.link"
# How often an upstream is looked at because of others, at most: one that lists something else each time it is asked
# would have all replicas ask it for ever.
LOOK_SECONDS = 2.0


class Replicas:
    """What this gateway tells the others, and makes of what it hears. Without a URL it is alone, and does nothing."""

    def __init__(self, runtime: Runtime, config: ReplicasConfig):
        self._runtime = runtime
        self._alone = LinkState("off", time.time())
        self._said: dict[str, str] = {}
        self._looks: dict[str, asyncio.TimerHandle] = {}
        self._link: Any = None
        if config.url is not None:
            link = importlib.import_module(LINK).Link
            self._link = link(config.url.get_secret_value(), config.channel, self._look_at_all, self._heard)
            runtime.on_listed = self._listed

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[None]:
        """In touch with the others, for as long as the block lasts; it never waits for them."""
        if self._link is None:
            yield
            return
        async with self._link.open():
            try:
                yield
            finally:
                for look in self._looks.values():
                    look.cancel()
                self._looks.clear()

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

    def _listed(self, namespace: str) -> None:
        """An upstream offers something else. Who learnt it from another replica need not say it again."""
        upstream = self._runtime.upstreams.get(namespace)
        if upstream is None:
            return  # of a generation that does not serve yet
        digest = upstream.listing.digest()
        if self._said.get(namespace) != digest:
            self._link.say(namespace, orjson.dumps([namespace, digest]).decode())

    def _heard(self, text: str) -> None:
        """Another replica, or we ourselves, said what an upstream offers now. Only a difference is looked into."""
        try:
            namespace, digest = orjson.loads(text)
        except (ValueError, TypeError):
            return
        upstream = self._runtime.upstreams.get(namespace) if isinstance(namespace, str) else None
        if upstream is None or not isinstance(digest, str):
            return
        self._said[namespace] = digest
        if upstream.listing.digest() != digest:
            self._look(namespace)

    def _look_at_all(self) -> None:
        """Nobody knows what was said while we did not listen."""
        for namespace in self._runtime.upstreams:
            self._look(namespace)

    def _look(self, namespace: str) -> None:
        """At once, or when the pause after the last look is over; what happens in that pause counts once."""
        known, now = self._looks.get(namespace), asyncio.get_running_loop().time()
        if known is None or known.when() <= now:
            wait = 0.0 if known is None else max(0.0, known.when() + LOOK_SECONDS - now)
            look = partial(self._look_now, namespace)
            self._looks[namespace] = asyncio.get_running_loop().call_later(wait, look)

    def _look_now(self, namespace: str) -> None:
        upstream = self._runtime.upstreams.get(namespace)
        if upstream is not None:
            upstream.look_again()
