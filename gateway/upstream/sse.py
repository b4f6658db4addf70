"""Server-sent events, as they come in (WHATWG HTML, section 9.2.6)."""

from collections.abc import AsyncGenerator, AsyncIterator
from typing import NamedTuple


class Event(NamedTuple):
    """One event: its type (`message` where none was named), its data lines joined, and the last event id."""

    type: str
    data: bytes
    id: str


class EventTooLarge(Exception):
    """One event passed the byte limit."""


class EventParser:
    """Bytes in, events out, whatever the cuts between them. `\\n`, `\\r` and `\\r\\n` all end a line."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._size = 0
        self._buffer = b""
        self._type = ""
        self._data: list[bytes] = []
        self._id = ""
        self._first = True

    def feed(self, chunk: bytes) -> list[Event]:
        """The events that `chunk` completes.

        Raises:
            EventTooLarge: the event being read has more bytes than the limit.
        """
        buffer = self._buffer + chunk
        if self._first and len(buffer) >= 3:
            self._first = False
            buffer = buffer.removeprefix(b"\xef\xbb\xbf")
        # A carriage return at the very end may be half of \r\n: keep it for the next chunk.
        held = b"\r" if buffer.endswith(b"\r") else b""
        lines = buffer[: len(buffer) - len(held)].replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        self._buffer = lines.pop() + held
        found = [event for line in lines if (event := self._line(line)) is not None]
        if self._size + len(self._buffer) > self._limit:
            raise EventTooLarge(f"its event is larger than {self._limit} bytes")
        return found

    def _line(self, line: bytes) -> Event | None:
        if not line:
            return self._dispatch()
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"data":
            self._data.append(value)
            self._size += len(value)
        elif field == b"event":
            self._type = value.decode("utf-8", "replace")
        elif field == b"id" and b"\0" not in value:
            self._id = value.decode("utf-8", "replace")
        return None

    def _dispatch(self) -> Event | None:
        data, self._data = self._data, []
        kind, self._type = self._type, ""
        self._size = 0
        return Event(kind or "message", b"\n".join(data), self._id) if data else None


async def events(chunks: AsyncIterator[bytes], limit: int) -> AsyncGenerator[Event]:
    """The events of a body, each of at most `limit` bytes; half an event at its end is dropped."""
    parser = EventParser(limit)
    async for chunk in chunks:
        for event in parser.feed(chunk):
            yield event
