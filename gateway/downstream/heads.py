"""What the head of a request says."""

from functools import lru_cache
from typing import Any

from gateway.ground.heads import BY_NAME, by_name


class Head:
    """A head that the parser has read.

    Attributes:
        scope: what it decides of ASGI's scope, but for the headers.
        headers: as ASGI has them.
        keep_alive: whether another request may follow.
        expects_continue: whether the body comes only once it is asked for.
    """

    def __init__(
        self, scope: dict[str, Any], headers: list[tuple[bytes, bytes]], *, keep_alive: bool, expects_continue: bool
    ):
        self.scope = scope
        self.headers = headers
        self.keep_alive = keep_alive
        self.expects_continue = expects_continue

    def share(self) -> None:
        """Have headers that others have as well only once, and all of them by name: this head is to be kept."""
        self.headers = [_once(header) for header in self.headers]
        made = by_name(self.headers)
        if made is not None:
            self.scope[BY_NAME] = made

    def length(self) -> int:
        """Of the body, in bytes; -1 where only the parser can say where it ends."""
        length = 0
        for name, value in self.headers:
            if name == b"content-length":
                length = int(value)
            elif name in (b"transfer-encoding", b"upgrade"):
                return -1
        return -1 if self.expects_continue else length


@lru_cache(1024)
def _once(header: Any) -> Any:
    """One thing for all heads that have it, which stays in the processor's cache: most differ in one header.

    A tuple for whoever knows that it is one would be another tuple in a compiled build.
    """
    return header
