"""Start a server's process, wait for the URL it prints, and end it."""

import os
import select
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
"""The checkout: `-m tests.upstreams...` works from there."""

STARTUP = 30.0
"""Seconds for a server to say its URL; the SDKs take two to import, more on a busy machine."""

PATIENCE = 5.0
"""Seconds between SIGTERM and SIGKILL."""

Process = subprocess.Popen[bytes]


class NotStarted(Exception):
    """A server did not come up; the message has what it said instead."""


def start(arguments: Sequence[str], python: str = sys.executable, folder: Path = ROOT) -> tuple[Process, str]:
    """The process, in a group of its own, and the URL it serves. It reads our pipe, so it ends when we do."""
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            [python, *arguments],
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            start_new_session=True,
        )
        url = _first_line(process)
        if url:
            return process, url
        stop(process)
        errors.seek(0)
        raise NotStarted(f"{' '.join(arguments)} gave no URL.\n{errors.read().decode(errors='replace')}")


def kill(process: Process) -> None:
    """SIGKILL to its group, at once."""
    _signal(process, signal.SIGKILL)


def stop(process: Process) -> None:
    """SIGTERM, and SIGKILL when that does not help; returns when the process is gone. Twice is harmless."""
    _signal(process, signal.SIGTERM)
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        kill(process)
        process.wait(PATIENCE)
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()


def _signal(process: Process, number: signal.Signals) -> None:
    if process.poll() is None:
        os.killpg(process.pid, number)


def _first_line(process: Process) -> str:
    """The first line of stdout; "" if it ends or stays silent."""
    assert process.stdout is not None
    ready, _, _ = select.select([process.stdout], [], [], STARTUP)
    return process.stdout.readline().decode().strip() if ready else ""
