"""The last lines that a program wrote to its standard error: bounded, and fit to print."""

import asyncio
import re
from collections import deque

from gateway.upstream.lines import Lines, Overlong
from gateway.upstream.pace import Pace

KEPT_LINES = 20
WIDTH = 400
CHUNK = 64 * 1024

# ECMA-48: control sequences (colours, cursor), and strings up to their end (titles, links); then any other escape.
_ESCAPES = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[ -/]*[0-~]?")


def fit_to_print(line: bytes) -> str:
    """Its text without colours and control characters. Of what was written over with a carriage return, the last."""
    text = line.decode("utf-8", "replace").rstrip().rpartition("\r")[2]
    return "".join(c for c in _ESCAPES.sub("", text)[:WIDTH] if c.isprintable()).strip()


class StderrRing:
    """Reads a stream to its end and keeps the last lines of it."""

    def __init__(self) -> None:
        self._lines: deque[str] = deque(maxlen=KEPT_LINES)

    def __str__(self) -> str:
        return " | ".join(self._lines)

    async def follow(self, stream: asyncio.StreamReader) -> None:
        """Until it ends, and no faster than a share of the event loop allows."""
        lines, pace = Lines(CHUNK), Pace()
        while chunk := await stream.read(CHUNK):
            pace.begin()
            self._keep(lines.feed(chunk))
            await pace.spent()
        self._keep(lines.feed(b"\n"))  # what it said last may have no end

    def _keep(self, lines: list[bytes | Overlong]) -> None:
        for line in lines[-KEPT_LINES:]:
            if text := fit_to_print(line.head if isinstance(line, Overlong) else line):
                self._lines.append(text)
