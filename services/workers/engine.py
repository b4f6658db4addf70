"""Worker processes that run one job each at a time, and are killed when a job is late.

Processes and not threads, because neither `interrupt()` nor `memory_limit` binds DuckDB within one value: in a thread,
`SELECT list_sum(range(1000000000))` took 9 GB under a limit of 512 MB and ran on for over 20 s after the interrupt, and
deep nesting ended the whole process. A worker's end is nobody else's. It also keeps DuckDB out of our start-up.
"""

import asyncio
import contextlib
import json
import sys
from asyncio.subprocess import PIPE, Process
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

import anyio

from services.workers.job import ENVELOPE_BYTES, Limits, Refused

# From here `-m services.…` is found, whether the project is installed or only checked out.
IMPORT_ROOT = Path(__file__).parents[2]
STOPPED = {
    "error": "The work stopped at this request. Make the query simpler, or ask for less at once.",
    "last": True,
}


class Answer(NamedTuple):
    """What a job gave: its result, and the bytes that came with it, if any."""

    result: dict[str, Any]
    block: bytes = b""


class Engine:
    """Runs jobs in at most `workers` processes of `module`, which start when needed.

    Within its context an engine keeps them for the next job; it ends them with the context, and outside after each job.
    """

    def __init__(self, module: str, limits: Limits, workers: int) -> None:
        self._limits = limits
        self._module = module
        self._workers = workers
        self._slots = asyncio.Semaphore(workers)
        self._idle: list[Process] = []
        self._open = False

    async def __aenter__(self) -> Self:
        # A semaphore belongs to the loop that it first waits in; one engine may be entered in several, in turn.
        self._slots = asyncio.Semaphore(self._workers)
        self._open = True
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open = False
        while self._idle:
            await _end(self._idle.pop())

    async def run(self, verb: str, **arguments: Any) -> Answer:
        """The answer to one job, within the deadline: waiting for a free worker counts.

        Raises Refused with a text for the caller. Cancelled or late, the job's worker is gone before this returns.
        """
        job = json.dumps({"verb": verb, **arguments}).encode() + b"\n"
        try:
            async with asyncio.timeout(self._limits.timeout), self._slots:
                answer, block = await self._ask(job)
        except TimeoutError:
            raise Refused(
                f"There was no answer within {self._limits.timeout:g} s, and the work was stopped. "
                "Filter or aggregate earlier, or read fewer columns."
            ) from None
        if "error" in answer:
            raise Refused(answer["error"])
        return Answer(answer["result"], block)

    async def _ask(self, job: bytes) -> tuple[dict[str, Any], bytes]:
        worker = self._take_idle() or await self._start()
        answer, block = STOPPED, b""
        try:
            answer, block = await _exchange(worker, job)
        finally:
            if self._open and not answer.get("last"):
                self._idle.append(worker)
            else:
                await _end(worker)
        return answer, block

    def _take_idle(self) -> Process | None:
        while self._idle:
            worker = self._idle.pop()
            if worker.returncode is None:
                return worker
        return None

    async def _start(self) -> Process:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            self._module,
            json.dumps(asdict(self._limits)),
            stdin=PIPE,
            stdout=PIPE,
            cwd=IMPORT_ROOT,
            limit=self._limits.max_bytes + 2 * ENVELOPE_BYTES,
            start_new_session=True,  # Ctrl-C in a terminal is for us; we end the workers
        )


async def _exchange(worker: Process, job: bytes) -> tuple[dict[str, Any], bytes]:
    """The worker's answer to a job, and the block of bytes behind it, whose length stands in front: `LENGTH ANSWER`."""
    assert worker.stdin is not None
    assert worker.stdout is not None
    with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
        worker.stdin.write(job)
        await worker.stdin.drain()
        length, _, line = (await worker.stdout.readuntil()).partition(b" ")
        return json.loads(line), await worker.stdout.readexactly(int(length))
    return STOPPED, b""


async def _end(worker: Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        worker.kill()
    # Shielded, since a cancelled job has to wait here too: whoever sees the error may count on the process being gone.
    with anyio.CancelScope(shield=True):
        await worker.wait()
