"""The head of an answer as it is sent, and what it says of the body that follows."""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

# What no header may have in its name, and none in its value (RFC 9110, section 5): it could end the line.
NOT_IN_NAMES = re.compile(rb'[\x00-\x1f\x7f()<>@,;:\[\]={} \t\\"]')
NOT_IN_VALUES = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")


class Lines:
    """Header lines.

    Attributes:
        text: all of them.
        is_framed: whether they say where the body ends.
        length: of the body, in bytes; less than none where it was not said, or the body comes in chunks.
        closes: whether they end the connection after the answer.
    """

    def __init__(self) -> None:
        self.text = b""
        self.is_framed = False
        self.length = -1
        self.closes = False

    def copy(self) -> "Lines":
        """The same, to go on from."""
        lines = Lines()
        lines.text, lines.is_framed, lines.length, lines.closes = self.text, self.is_framed, self.length, self.closes
        return lines

    def add(self, headers: Iterable[Sequence[bytes]]) -> "Lines":
        """These, with `headers` after them, which are pairs of any kind.

        Raises:
            RuntimeError: something in one would be read as more than one header.
        """
        for pair in headers:
            name, value = pair[0], pair[1]
            self.text += _line(name, value)
            name = name.lower()
            if name == b"content-length" and not self.is_framed:
                self.is_framed, self.length = True, int(value)
            elif name == b"transfer-encoding" and value.lower() == b"chunked":
                self.is_framed, self.length = True, -1
            elif name == b"connection":
                self.closes = self.closes or b"close" in [each.strip() for each in value.lower().split(b",")]
        return self


class Standing:
    """The lines of the headers that every answer of a server has. They change once a second, with the date."""

    def __init__(self) -> None:
        self._headers: list[tuple[bytes, bytes]] = []
        self._lines = Lines()

    def lines(self, headers: list[tuple[bytes, bytes]]) -> Lines:
        """Those of `headers`, which is another list once it says something else; the caller's to add to."""
        if headers is not self._headers:
            self._headers, self._lines = headers, Lines().add(headers)
        return self._lines.copy()


@lru_cache(1024)
def _line(name: bytes, value: bytes) -> bytes:
    """A header as it is sent. Most answers have the same."""
    if NOT_IN_NAMES.search(name):
        raise RuntimeError("An answer has a header whose name is none.")
    if NOT_IN_VALUES.search(value):
        raise RuntimeError(f"The value of the header {name.decode()} has control characters in it.")
    return b"%s: %s\r\n" % (name.lower(), value)
