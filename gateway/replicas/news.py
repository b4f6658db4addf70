"""What gateways tell each other of upstreams: that one offers something else, and as a digest what."""

import asyncio
from collections.abc import Callable
from functools import partial

import orjson

from gateway.runtime import Runtime

# How often an upstream is looked at because of others, at most: one that lists something else each time it is asked
# would have all replicas ask it for ever.
LOOK_SECONDS = 2.0


class News:
    """Says what an upstream offers when that changes, and looks at one of which another gateway says so.

    Args:
        say: says a text to the others; it replaces what was not said yet of the same topic.
    """

    def __init__(self, runtime: Runtime, say: Callable[[str, str], None]):
        self._runtime = runtime
        self._say = say
        self._said: dict[str, str] = {}
        self._looks: dict[str, asyncio.TimerHandle] = {}

    def close(self) -> None:
        """Look no more."""
        for look in self._looks.values():
            look.cancel()
        self._looks.clear()

    def listed(self, namespace: str) -> None:
        """An upstream offers something else. Who learnt it from another gateway need not say it again."""
        upstream = self._runtime.upstreams.get(namespace)
        if upstream is None:
            return  # of a generation that does not serve yet
        digest = upstream.listing.digest()
        if self._said.get(namespace) != digest:
            self._said[namespace] = digest
            self._say(namespace, orjson.dumps([namespace, digest]).decode())

    def heard(self, text: str) -> None:
        """Another gateway, or we ourselves, said what an upstream offers now. Only a difference is looked into."""
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

    def look_at_all(self) -> None:
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
