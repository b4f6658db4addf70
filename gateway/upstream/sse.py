"""Server-sent events, as they come in (WHATWG HTML, section 9.2.6)."""

from typing import NamedTuple

BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class Event(NamedTuple):
    """One event: its type (`message` where none was named), its data lines joined, and the last event id."""

    type: str
    data: bytes
    id: str


# A day is 86,400,000 ms: what says more means never.
MAX_RETRY_DIGITS = 8


class EventTooLarge(Exception):
    """One event passed the byte limit."""


class EventParser:
    """Bytes in, events out, whatever the cuts between them. `\\n`, `\\r` and `\\r\\n` all end a line."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._size = 0
        self._begun = bytearray()
        self._after_return = False
        self._first = True
        self._type = ""
        self._data: list[bytes] = []
        self._id = ""
        self.last_id = ""
        """The id of the last event that is all here, to take the stream up again after; empty without one."""
        self.retry: float | None = None
        """Seconds to wait before that, if it said so."""

    def feed(self, chunk: bytes) -> list[Event]:
        """The events that `chunk` completes.

        Raises:
            EventTooLarge: a line, together with the data of its event before it, has more bytes than the limit.
        """
        if not chunk:
            return []
        if self._after_return and chunk.startswith(b"\n"):  # the second half of \r\n
            chunk = chunk[1:]
        self._after_return = chunk.endswith(b"\r") if chunk else False
        *whole, begun = chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        found = [event for line in whole if (event := self._line(self._finished(line))) is not None]
        self._begun += begun
        self._check(len(self._begun))
        return found

    def _finished(self, end: bytes) -> bytes:
        """A whole line: what came of it before, and its `end`."""
        if self._begun:
            end = bytes(self._begun + end)
            self._begun.clear()
        self._check(len(end))
        if self._first:
            self._first = False
            return end.removeprefix(BYTE_ORDER_MARK)
        return end

    def _check(self, size: int) -> None:
        if self._size + size > self._limit:
            raise EventTooLarge(f"its event is larger than {self._limit} bytes")

    def _line(self, line: bytes) -> Event | None:
        if not line:
            return self._dispatch()
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"data":
            self._data.append(value)
            self._size += len(line)
        elif field == b"event":
            self._type = value.decode("utf-8", "replace")
        elif field == b"id" and b"\0" not in value:
            self._id = value.decode("utf-8", "replace")
        elif field == b"retry" and value.isdigit() and len(value) <= MAX_RETRY_DIGITS:
            self.retry = int(value) / 1000
        return None

    def _dispatch(self) -> Event | None:
        data, self._data = self._data, []
        kind, self._type = self._type, ""
        self._size = 0
        self.last_id = self._id
        return Event(kind or "message", b"\n".join(data), self.last_id) if data else None
