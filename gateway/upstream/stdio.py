"""A local MCP server as a child process: one JSON-RPC message a line (2026-07-28, `basic/transports/stdio`)."""

import asyncio
import contextlib
import logging
import os
import signal
from collections.abc import AsyncIterator
from typing import Any, Self

import psutil

from gateway.config.model import UpstreamConfig
from gateway.errors import UpstreamDown, UpstreamLost, UpstreamTooLarge
from gateway.upstream.lines import Lines, Overlong
from gateway.upstream.pace import Pace
from gateway.upstream.session import UNKNOWN
from gateway.upstream.stderr import StderrRing

log = logging.getLogger(__name__)

# The gateway's own environment holds its secrets: a child gets what a program needs to run, and what its
# configuration names.
INHERITED = (
    "PATH", "HOME", "USER", "LOGNAME", "SHELL", "TERM", "LANG", "LC_ALL", "TZ", "TMPDIR",
    "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS",
)  # fmt: skip
STOP_SECONDS = 1.0
CHUNK = 64 * 1024
# A line past `max_body` is read over, so that what follows it can be understood. One that has no end at this many times
# `max_body` never will have.
ENDLESS = 8


class _Pipes(asyncio.subprocess.SubprocessStreamProtocol):
    """Ends what is left of a process group with the program that was started, which closes the pipes that it holds."""

    pid = 0

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self.pid = transport.get_pid() or 0

    def process_exited(self) -> None:
        super().process_exited()
        signal_group(self.pid, signal.SIGKILL)


def signal_group(pid: int, number: signal.Signals) -> None:
    """Send a signal to a whole process group, if there is one still."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


def _limit_memory(namespace: str, pid: int, most: int) -> None:
    """Bound the data of a process and of those that it starts from now on.

    Data, and not the address space, of which some runtimes reserve many times what they use.
    """
    if not hasattr(psutil, "RLIMIT_DATA"):
        log.warning("upstream %s: max_memory is not held on this system", namespace)
        return
    try:
        psutil.Process(pid).rlimit(psutil.RLIMIT_DATA, (most, most))
    except psutil.NoSuchProcess:
        pass  # it has ended already, which its reader finds out
    except psutil.AccessDenied:
        log.warning("upstream %s: max_memory is not held for a program of another user", namespace)


class ProcessChannel:
    """A child process, started in a process group of its own so that its children end with it."""

    def __init__(self, namespace: str, process: asyncio.subprocess.Process, max_body: int):
        assert process.stdout is not None
        assert process.stderr is not None
        self._namespace = namespace
        self._process = process
        self._stdout = process.stdout
        self._max_body = max_body
        self._stderr = StderrRing()
        self._ending: asyncio.Task[None] | None = None
        self._listener = asyncio.create_task(self._stderr.follow(process.stderr), name=f"stderr {namespace}")

    @classmethod
    async def start(cls, namespace: str, config: UpstreamConfig) -> Self:
        """Start the program.

        Raises:
            UpstreamDown: it cannot be started.
        """
        assert config.command is not None
        own = {name: value.get_secret_value() for name, value in config.env.items()}
        environment = {name: os.environ[name] for name in INHERITED if name in os.environ} | own
        loop = asyncio.get_running_loop()
        try:
            transport, pipes = await loop.subprocess_exec(
                lambda: _Pipes(CHUNK, loop),
                config.command,
                *config.args,
                env=environment,
                cwd=config.cwd,
                start_new_session=True,
            )
        except FileNotFoundError:
            missing = "cwd" if config.cwd is not None and not config.cwd.is_dir() else "command"
            raise UpstreamDown(
                namespace, f"cannot be started: its {missing} is not there. Check {missing} in its configuration."
            ) from None
        except OSError as error:
            raise UpstreamDown(namespace, f"cannot be started: {error.strerror}. Check its command.") from None
        if config.max_memory is not None:
            _limit_memory(namespace, pipes.pid, config.max_memory)
        return cls(namespace, asyncio.subprocess.Process(transport, pipes, loop), config.max_body)

    @property
    def pid(self) -> int:
        """The child's process id, which is its process group's too."""
        return self._process.pid

    async def send(self, message: bytes) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(message + b"\n")
            await self._process.stdin.drain()
        except (ConnectionError, RuntimeError):
            raise UpstreamLost(self._namespace, f"went away{await self.last_words()}. {UNKNOWN}") from None

    async def receive(self) -> AsyncIterator[bytes | Overlong]:
        """Lines as they come, at a pace that leaves the event loop to others."""
        lines, pace = Lines(self._max_body), Pace()
        while chunk := await self._stdout.read(CHUNK):
            pace.begin()
            for line in lines.feed(chunk):
                if message := line if isinstance(line, Overlong) else line.strip():
                    yield message
                    await pace.spent()
            await pace.spent()
            if lines.length > ENDLESS * self._max_body:
                raise UpstreamTooLarge(self._namespace, "sent a line without end and was stopped.")

    async def last_words(self) -> str:
        """Its status and last lines come a moment after its output ends."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STOP_SECONDS):
                await self._process.wait()
                await asyncio.wait([self._listener])
        status = self._process.returncode
        ended = f" (exit status {status})" if status is not None else ""
        return ended + self.said

    @property
    def said(self) -> str:
        """What it last wrote to stderr, as the end of a sentence."""
        return f"; it said: {said}" if (said := str(self._stderr)) else ""

    async def close(self) -> None:
        """Close its input, then ask, then force; its whole process group goes. Nobody may read from it any more."""
        if self._ending is None:
            self._ending = asyncio.create_task(self._end(), name=f"ending {self._namespace}")
        await asyncio.wait([self._ending])

    async def _end(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        discarding = asyncio.create_task(self._discard(), name=f"last output of {self._namespace}")
        for step in (None, signal.SIGTERM, signal.SIGKILL):
            if step is not None:
                signal_group(self.pid, step)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(STOP_SECONDS):
                    await self._process.wait()
                    break
        _, left = await asyncio.wait([discarding, self._listener], timeout=STOP_SECONDS)
        for task in left:
            task.cancel()
        await asyncio.wait([discarding, self._listener])

    async def _discard(self) -> None:
        """Its output has to be read to its end: a pipe that is not stays open, and one that is full keeps it alive."""
        while await self._stdout.read(CHUNK):
            pass
