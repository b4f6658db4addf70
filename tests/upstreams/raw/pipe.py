"""Standard output as the raw upstream writes it: well, noisily, or as a fault would have it."""

import asyncio
import os
import sys

from tests.upstreams.raw.control import Control, Fault
from tests.upstreams.raw.faults import NO_JSON, WEB_PAGE, altered
from tests.upstreams.raw.wire import Json, encoded

CRASHED = 70
"""The exit status of a process that a fault ends (EX_SOFTWARE)."""

INSTEAD: dict[Fault, bytes] = {"garbage": NO_JSON, "html": WEB_PAGE, "empty": b""}
NOISE = b"[info] \x1b[32mnot a message\x1b[0m\n"


def crash() -> None:
    os._exit(CRASHED)


class Pipe:
    """One message a line."""

    def __init__(self, *, noisy: bool):
        self._before = NOISE if noisy else b""

    def put(self, message: Json) -> None:
        self._write(self._before + encoded(message) + b"\n")

    def put_instead(self, fault: Fault) -> None:
        self._write(INSTEAD[fault] + b"\n")

    async def finish(self, final: Json, fault: Fault | None, control: Control) -> None:
        """Write a request's final message, or what the fault leaves of it."""
        line = encoded(altered(final, fault, control)) + b"\n"
        if fault == "close_after":
            crash()
        elif fault == "cut":
            self._write(line[: len(line) // 2])
            crash()
        elif fault == "drip":
            for byte in line:
                self._write(bytes([byte]))
                await asyncio.sleep(control.interval)
        else:
            self._write(self._before + line)

    def _write(self, data: bytes) -> None:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
