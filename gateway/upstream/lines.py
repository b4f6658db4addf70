"""Lines out of a stream of bytes, none kept that is longer than a limit. No I/O."""

import re
from typing import NamedTuple

# What is kept of both ends of a line that is too long: enough to see which request it answers.
EDGE = 512

_ID = rb'"id"\s*:\s*(\d{1,18})\s*'
_VERSION = rb'"jsonrpc"\s*:\s*"2\.0"\s*'
# An answer names its request before its result (as most SDKs write it) or after it (as the TypeScript SDK does). An
# `id` next to the last brace of a line belongs to the message itself and to nothing in it.
_ANSWER = re.compile(rb"\s*\{\s*(?:" + _VERSION + rb",\s*)?(?:" + _ID + rb',\s*)?"(?:result|error)"\s*:')
_LAST = re.compile(rb",\s*(?:" + _VERSION + rb",\s*)?" + _ID + rb"(?:,\s*" + _VERSION + rb")?\}\s*$")
_CALL = re.compile(rb"\s*\{\s*(?:" + _VERSION + rb",\s*)?(?:" + _ID + rb',\s*)?"method"\s*:')


class Overlong(NamedTuple):
    """A line past the limit: its first and its last bytes."""

    head: bytes
    tail: bytes

    @property
    def answers(self) -> int | None:
        """The request that it answers, where that can be told for certain."""
        answer = _ANSWER.match(self.head)
        if answer is None:
            return None
        id = answer[1] or (last[1] if (last := _LAST.search(self.tail)) else None)
        return int(id) if id is not None else None

    @property
    def is_call(self) -> bool:
        """Whether it is a request or a notification of the other side's: nobody waits for it."""
        return _CALL.match(self.head) is not None


class Lines:
    """Takes chunks, gives whole lines without their ends. Keeps at most `limit` bytes and one chunk."""

    def __init__(self, limit: int):
        self._limit = limit
        self._kept = bytearray()
        self._head = b""
        self.length = 0
        """Bytes of the line that has not ended yet, kept or not."""

    def feed(self, chunk: bytes) -> list[bytes | Overlong]:
        """The lines that `chunk` ends."""
        first, *others = chunk.split(b"\n")
        self._add(first)
        if not others:
            return []
        done = [self._take(), *(self._whole(piece) for piece in others[:-1])]
        self._add(others[-1])
        return done

    def _whole(self, piece: bytes) -> bytes | Overlong:
        return piece if len(piece) <= self._limit else Overlong(piece[:EDGE], piece[-EDGE:])

    def _add(self, piece: bytes) -> None:
        self.length += len(piece)
        self._kept += piece
        if self.length > self._limit:
            self._head = self._head or bytes(self._kept[:EDGE])
            del self._kept[:-EDGE]

    def _take(self) -> bytes | Overlong:
        line = Overlong(self._head, bytes(self._kept)) if self._head else bytes(self._kept)
        self._kept, self._head, self.length = bytearray(), b"", 0
        return line
