"""Runs what a console block shows, in a folder of its own, and says how the real output should look."""

import asyncio
import contextlib
import os
import re
import signal
import sys
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path

SECONDS = 40
READY = "Stop with Ctrl-C."
LOG_LINE = '{"timestamp": '
EXIT = re.compile(r"\[exit (\d+)\]\n?$")
PORT = re.compile(r"127\.0\.0\.1:\d+")


@dataclass(frozen=True)
class Step:
    """One command of a transcript, and what it should print."""

    command: str
    output: str
    status: int

    def matches(self, printed: str) -> bool:
        """Whether `printed` is the output; in that, `...` stands for anything."""
        parts = re.split(r"^\.\.\.\n|\.\.\.", self.output, flags=re.MULTILINE)
        return re.fullmatch(".*?".join(map(re.escape, parts)), printed, re.DOTALL) is not None


def steps(text: str) -> list[Step]:
    """The commands of a block, each with the lines up to the next one."""
    found = []
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, output = part.partition("\n")
        status = EXIT.search(output)
        found.append(Step(command, EXIT.sub("", output), int(status[1]) if status else 0))
    return found


async def run(command: str, folder: Path) -> tuple[str, int]:
    """What a command prints, log lines left out, and its exit status."""
    async with _started(command, folder) as process, asyncio.timeout(SECONDS):
        printed, _ = await process.communicate()
    assert process.returncode is not None
    return _shown(printed), process.returncode


async def run_until_ready(command: str, folder: Path) -> tuple[str, int]:
    """What a server prints until it is ready; then it gets Ctrl-C."""
    printed = b""
    async with _started(command, folder) as process, asyncio.timeout(SECONDS):
        assert process.stdout is not None
        while not printed.endswith(f"{READY}\n".encode()):
            line = await process.stdout.readline()
            assert line, f"it ended before it was ready:\n{printed.decode()}"
            printed += line
        process.send_signal(signal.SIGINT)
        rest, _ = await process.communicate()
    assert process.returncode is not None
    return PORT.sub("127.0.0.1:8000", _shown(printed + rest)), process.returncode


@contextlib.asynccontextmanager
async def _started(command: str, folder: Path) -> AsyncGenerator[Process]:
    environment = {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(folder),
        "COLUMNS": "200",
        "PYTHONUNBUFFERED": "1",  # or stdout and stderr come out of order
        "FASTMCP_CHECK_FOR_UPDATES": "off",
        "GATEWAY__SERVER__PORT": "0" if command.startswith("exec gateway") else "8000",
    }
    process = await asyncio.create_subprocess_exec(
        "bash", "-c", command, cwd=folder, env=environment, stdout=PIPE, stderr=STDOUT, limit=2**20
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def _shown(printed: bytes) -> str:
    lines = [line.rstrip() for line in printed.decode().splitlines() if not line.startswith(LOG_LINE)]
    return "".join(f"{line}\n" for line in lines)
