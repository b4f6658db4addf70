"""Connections that wait for their next request. Upstreams of one origin share them: requests are whole in themselves
(RFC 9110, section 3.3), each with its own credential, and one connection that is used often costs less than many."""

import time
from collections import deque

from gateway.upstream.http_connection import Connection

# Common servers (uvicorn, Node) drop an idle connection after 5 s. Using one for longer risks writing a call
# into a closing socket, where nobody can tell whether it ran.
IDLE_SECONDS = 4.0

Origin = tuple[str, str, int]
"""Scheme, host and port (RFC 6454)."""


class IdleConnections:
    """Those to one origin. That which was used last is taken first: it is the least likely to be closing."""

    def __init__(self) -> None:
        self._kept: deque[Connection] = deque()

    def __len__(self) -> int:
        return len(self._kept)

    def take(self) -> Connection | None:
        """One for the next request, if there is any."""
        self._forget_stale()
        while self._kept:
            connection = self._kept.pop()
            if not connection.closed:
                return connection
        return None

    def _forget_stale(self) -> None:
        oldest_good = time.monotonic() - IDLE_SECONDS
        while self._kept and (self._kept[0].closed or self._kept[0].idle_since < oldest_good):
            self._kept.popleft().abort()

    def keep(self, connection: Connection) -> None:
        """Its answer has ended, and it can carry another request."""
        connection.idle_since = time.monotonic()
        self._kept.append(connection)

    def close(self) -> None:
        """Drop them. Whoever shared them connects anew."""
        for connection in self._kept:
            connection.abort()
        self._kept.clear()


class Origins:
    """The idle connections of one gateway, by origin."""

    def __init__(self) -> None:
        self._idle: dict[Origin, IdleConnections] = {}

    def idle(self, origin: Origin) -> IdleConnections:
        """Those to `origin`."""
        return self._idle.setdefault(origin, IdleConnections())
