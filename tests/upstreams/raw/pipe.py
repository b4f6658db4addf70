"""Standard output as the raw upstream writes it: well, noisily, or as a fault would have it."""

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Mapping

from tests.upstreams.raw.control import Control, Fault
from tests.upstreams.raw.faults import ENDINGS, NO_JSON, WEB_PAGE, altered
from tests.upstreams.raw.wire import Json, encoded

CRASHED = 70
"""The exit status of a process that a fault ends (EX_SOFTWARE)."""

INSTEAD: dict[Fault, bytes] = {"garbage": NO_JSON, "html": WEB_PAGE, "empty": b""}
FLOODS: Mapping[Fault, tuple[int, bytes]] = {
    "flood": (
        1,
        b'{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"noise"}}\n' * 700,
    ),
    "flood_stderr": (2, b"\x1b[31mwarning\x1b[0m: nobody reads this\n" * 1600),
    "endless": (1, b"x" * 65_536),
}
"""File descriptor, and what goes there again and again."""
NOISE = b"[info] \x1b[32mnot a message\x1b[0m\n"


def crash() -> None:
    os._exit(CRASHED)


def leave_child() -> None:
    """Start a process that keeps all that this one has open, and exit."""
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], stdin=subprocess.DEVNULL)
    sys.stderr.write(f"left {child.pid} behind\n")
    sys.stderr.flush()
    crash()


async def flood(what: tuple[int, bytes]) -> None:
    """Write one of `FLOODS` as fast as it is read, in a thread, until the process is killed."""

    def write() -> None:
        while True:
            os.write(*what)

    threading.Thread(target=write, daemon=True).start()
    await asyncio.Event().wait()


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
        if fault in ENDINGS:
            line = ENDINGS[fault](line)
            line += b"\n" if line and not line.endswith(b"\n") else b""
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
