"""`gateway up` and `fastmcp run` as real processes, each until a signal ends it."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from typing import Self

import psutil

from tests.upstreams.process import ROOT

GATEWAY = (sys.executable, "-c", "from gateway.cli import main; main()")
FASTMCP = (sys.executable, "-m", "fastmcp.cli")
PATIENCE = 30.0


def clean_environment(**more: str) -> dict[str, str]:
    """No variable of the machine's but those that Python itself needs, and the way to the tests' own service."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return kept | {"PYTHONPATH": str(ROOT)} | more


class Process:
    """One that serves. What it writes to stderr is kept as lines; its stdout goes to a file."""

    def __init__(self, command: Sequence[str], folder: Path, environ: Mapping[str, str]):
        self.lines: list[str] = []
        self._grown = threading.Condition()
        self._stdout = folder / "stdout"
        with self._stdout.open("wb") as stdout:
            self._process = subprocess.Popen(
                command,
                cwd=folder,
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=subprocess.PIPE,
                text=True,
                start_new_session=True,
            )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        assert self._process.stderr is not None
        self._process.stderr.close()

    def _read(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            with self._grown:
                self.lines.append(line.rstrip("\n"))
                self._grown.notify_all()
        with self._grown:
            self.lines.append("(the end)")
            self._grown.notify_all()

    @property
    def said(self) -> str:
        """All that it wrote to stderr so far."""
        return "\n".join(self.lines)

    @property
    def stdout(self) -> str:
        return self._stdout.read_text()

    def wait_for(self, *texts: str, count: int = 1) -> str:
        """The first line with all these texts, or the one that makes it so many, as soon as it is written."""

        def found() -> str | None:
            lines = [line for line in self.lines if all(text in line for text in texts) or line == "(the end)"]
            return lines[count - 1] if len(lines) >= count else None

        with self._grown:
            line = self._grown.wait_for(found, PATIENCE)
        assert line is not None, f"{texts!r} was not said within {PATIENCE} s:\n{self.said}"
        assert line != "(the end)", f"it ended without {texts!r}:\n{self.said}"
        return line

    @property
    def pid(self) -> int:
        return self._process.pid

    def children(self) -> list[psutil.Process]:
        """All processes below it."""
        return psutil.Process(self._process.pid).children(recursive=True)

    def send(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def ended(self) -> int:
        """Its exit status, once it has one and all that it said is read."""
        status = self._process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        return status

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send it that signal, and give its exit status."""
        self.send(number)
        return self.ended()


class Up(Process):
    """`gateway up`, once it has said where it serves."""

    url: str

    @property
    def origin(self) -> str:
        return self.url.removesuffix("/mcp")


@contextlib.contextmanager
def up(folder: Path, *words: str, **environ: str) -> Generator[Up]:
    """`gateway up` in `folder` on a free port."""
    with Up((*GATEWAY, "up", "--port", "0", *words), folder, clean_environment(**environ)) as process:
        process.wait_for("Stop with Ctrl-C.")
        process.url = next(line.strip() for line in process.lines if line.startswith("    http"))
        yield process


@contextlib.contextmanager
def fastmcp_run(folder: Path, *words: str, **environ: str) -> Generator[Process]:
    """`fastmcp run fastmcp.json` in `folder`."""
    with Process((*FASTMCP, "run", "fastmcp.json", *words), folder, clean_environment(**environ)) as process:
        yield process
