"""A local MCP server as a child process: one JSON-RPC message a line (2026-07-28, `basic/transports/stdio`)."""

import asyncio
import contextlib
import os
import signal
from collections import deque
from collections.abc import AsyncIterator
from typing import Self

from gateway.config.model import UpstreamConfig
from gateway.errors import UpstreamDown, UpstreamLost, UpstreamTooLarge
from gateway.upstream.session import UNKNOWN

# The gateway's own environment holds its secrets: a child gets what a program needs to run, and what its
# configuration names.
INHERITED = (
    "PATH", "HOME", "USER", "LOGNAME", "SHELL", "TERM", "LANG", "LC_ALL", "TZ", "TMPDIR",
    "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS",
)  # fmt: skip
STDERR_LINES = 20
STDERR_WIDTH = 400
STOP_SECONDS = 1.0
CHUNK = 64 * 1024


class ProcessChannel:
    """A child process, started in a process group of its own so that its children end with it."""

    def __init__(self, namespace: str, process: asyncio.subprocess.Process):
        self._namespace = namespace
        self._process = process
        self._stderr: deque[str] = deque(maxlen=STDERR_LINES)
        self._listener = asyncio.create_task(self._keep_stderr(), name=f"stderr {namespace}")

    @classmethod
    async def start(cls, namespace: str, config: UpstreamConfig) -> Self:
        """Start the program.

        Raises:
            UpstreamDown: it cannot be started.
        """
        assert config.command is not None
        own = {name: value.get_secret_value() for name, value in config.env.items()}
        environment = {name: os.environ[name] for name in INHERITED if name in os.environ} | own
        try:
            process = await asyncio.create_subprocess_exec(
                config.command,
                *config.args,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env=environment,
                cwd=config.cwd,
                limit=config.max_body,
                start_new_session=True,
            )
        except FileNotFoundError:
            missing = "cwd" if config.cwd is not None and not config.cwd.is_dir() else "command"
            raise UpstreamDown(
                namespace, f"cannot be started: its {missing} is not there. Check {missing} in its configuration."
            ) from None
        except OSError as error:
            raise UpstreamDown(namespace, f"cannot be started: {error.strerror}. Check its command.") from None
        return cls(namespace, process)

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

    async def receive(self) -> AsyncIterator[bytes]:
        assert self._process.stdout is not None
        while True:
            try:
                line = await self._process.stdout.readline()
            except ValueError:
                raise UpstreamTooLarge(
                    self._namespace, "sent a line longer than its max_body and was stopped."
                ) from None
            if not line:
                return
            if line := line.strip():
                yield line

    async def last_words(self) -> str:
        """Its status and last lines come a moment after its output ends."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STOP_SECONDS):
                await self._process.wait()
                await asyncio.wait([self._listener])
        status = self._process.returncode
        ended = f" (exit status {status})" if status is not None else ""
        return ended + (f"; it said: {' | '.join(self._stderr)}" if self._stderr else "")

    async def _keep_stderr(self) -> None:
        assert self._process.stderr is not None
        while True:
            try:
                line = await self._process.stderr.readline()
            except ValueError:
                continue  # a line beyond the limit: asyncio has dropped it
            if not line:
                return
            text = line.decode("utf-8", "replace").strip()
            if text:
                self._stderr.append("".join(c for c in text[:STDERR_WIDTH] if c.isprintable()))

    async def close(self) -> None:
        """Close its input, then ask, then force; its whole process group goes. Nobody may read from it any more."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        discarding = asyncio.create_task(self._discard(), name=f"last output of {self._namespace}")
        for step in (None, signal.SIGTERM, signal.SIGKILL):
            if step is not None:
                self._signal(step)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(STOP_SECONDS):
                    await self._process.wait()
                    break
        self._signal(signal.SIGKILL)  # children that it left behind
        _, left = await asyncio.wait([discarding, self._listener], timeout=STOP_SECONDS)
        for task in left:
            task.cancel()
        await asyncio.wait([discarding, self._listener])

    async def _discard(self) -> None:
        """Its output has to be read to its end: a pipe that is not stays open, and one that is full keeps it alive."""
        assert self._process.stdout is not None
        while await self._process.stdout.read(CHUNK):
            pass

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)
