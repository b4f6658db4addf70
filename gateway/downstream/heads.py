"""The heads of requests: a client that calls again sends the same one, and then there is nothing to parse."""

from typing import Any

END = b"\r\n\r\n"
MOST_KNOWN = 512
LONGEST_KNOWN = 2048


class Head:
    """What the head of a request says.

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

    def length(self) -> int:
        """Of the body, in bytes; -1 where only the parser can say where it ends."""
        length = 0
        for name, value in self.headers:
            if name == b"content-length":
                length = int(value)
            elif name in (b"transfer-encoding", b"upgrade"):
                return -1
        return -1 if self.expects_continue else length


class KnownHeads:
    """What the parser made of heads whose requests came whole, by their bytes.

    A request that begins with the same bytes, to the last of its head, is the same but for its body.
    """

    def __init__(self) -> None:
        self._known: dict[bytes, tuple[Head, int]] = {}
        self._headers: dict[tuple[bytes, bytes], tuple[bytes, bytes]] = {}

    def find(self, data: bytes) -> tuple[Head, bytes] | None:
        """The head and the body of the one request that `data` is; None where it is another, or not known."""
        end = data.find(END) + len(END)
        known = self._known.get(data[:end])
        return (known[0], data[end:]) if known is not None and len(data) == end + known[1] else None

    def learn(self, data: bytes, head: Head) -> None:
        """Know `head` from now on, if the request in `data` that it belongs to is all there, and is alone there."""
        end = data.find(END) + len(END)
        length = len(data) - end
        if END in data and end <= LONGEST_KNOWN and head.length() == length:
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
                self._headers.clear()
            # Most heads differ in one header: the rest is one thing for all, and stays in the processor's cache.
            head.headers = [self._headers.setdefault(header, header) for header in head.headers]
            self._known[data[:end]] = (head, length)
