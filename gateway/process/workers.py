"""Several processes that serve one address: start them, start again one that ended, and pass signals on.

They are forks of this one, which does nothing else: it has read the configuration and imported the code, so a worker
serves soon after its start, and what all have in common is in memory once.
"""

import asyncio
import os
import select
import signal
import socket
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import Any, NamedTuple, Self

from gateway.observe.logs import get_logger

log = get_logger(__name__)

# The wait before a worker is started again doubles while it ends soon after its start.
FIRST_WAIT_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 30.0
STEADY_SECONDS = 60.0
# What a second signal leaves them before they are killed.
HURRY_SECONDS = 5.0

STOPS = frozenset({signal.SIGINT, signal.SIGTERM})
PASSED_ON = STOPS | {signal.SIGHUP}


class Worker(NamedTuple):
    """What a worker knows of itself.

    `number` counts from 1 to `count`. `again`: another one of this number served before, and ended. `gateway` tells the
    workers of one gateway from those of another.
    """

    number: int
    count: int
    again: bool
    gateway: str
    parent: int
    told: int

    @property
    def is_first(self) -> bool:
        """Whether this is the one that speaks for all at their start."""
        return self.number == 1 and not self.again

    def ready(self) -> None:
        """Say that it serves."""
        os.write(self.told, bytes([self.number]))

    @contextmanager
    def while_parent_lives(self) -> Generator[None]:
        """Stop as if by SIGTERM once the parent is gone: nobody would pass signals on any more."""
        loop = asyncio.get_running_loop()

        def gone() -> None:
            loop.remove_reader(self.parent)
            os.kill(os.getpid(), signal.SIGTERM)

        loop.add_reader(self.parent, gone)
        try:
            yield
        finally:
            loop.remove_reader(self.parent)


class Ended(NamedTuple):
    """All workers have ended. `well`: each of them drained when it was told to."""

    well: bool


@dataclass
class _Place:
    """One number, and the process that has it now. `served`: one that had it once was ready."""

    number: int
    pid: int | None = None
    ready: bool = False
    served: bool = False
    started: float = 0.0
    wait: float = FIRST_WAIT_SECONDS
    due: float = 0.0


@dataclass
class _Signals:
    """Signals that have come, to be waited for beside other things."""

    numbers: Sequence[signal.Signals]
    _before: dict[signal.Signals, Any] = field(default_factory=dict)

    def __enter__(self) -> Self:
        self._reader, self._writer = socket.socketpair()
        for each in (self._reader, self._writer):
            each.setblocking(False)
        self._descriptor = signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        self._before = {number: signal.signal(number, _noted) for number in self.numbers}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._descriptor)
        self._reader.close()
        self._writer.close()

    def fileno(self) -> int:
        return self._reader.fileno()

    def come(self) -> list[signal.Signals]:
        """Those that came since the last call."""
        try:
            return [signal.Signals(number) for number in self._reader.recv(4096)]
        except BlockingIOError:
            return []


def _noted(_: int, __: FrameType | None) -> None:
    """Python writes the number to the descriptor that `select` waits on; nothing more is to be done."""


class Workers:
    """The parent of `count` workers.

    Args:
        gateway: tells these workers from those of another gateway.
        on_stop: called at the first signal to stop.
        clock: seconds that never go back.
    """

    def __init__(
        self, count: int, gateway: str, on_stop: Callable[[], None], clock: Callable[[], float] = time.monotonic
    ):
        self._places = [_Place(number) for number in range(1, count + 1)]
        self._gateway = gateway
        self._on_stop = on_stop
        self._clock = clock
        self._stopping = False
        self._kill_at: float | None = None
        self._well = True

    def run(self) -> Worker | Ended:
        """Returns in each worker, as what it is; and here, once all have ended."""
        self._parent, self._alive = os.pipe()
        self._heard, self._told = os.pipe()
        with _Signals((*PASSED_ON, signal.SIGCHLD)) as signals:
            worker = self._until_over(signals)
        if worker is None:
            for descriptor in (self._parent, self._alive, self._heard, self._told):
                os.close(descriptor)
            return Ended(self._well)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)  # until it can read its configuration again
        signal.pthread_sigmask(signal.SIG_UNBLOCK, PASSED_ON)
        return worker

    def _until_over(self, signals: _Signals) -> Worker | None:
        while True:
            for place in self._places:
                if place.pid is None and not self._stopping and self._clock() >= place.due:
                    worker = self._start(place)
                    if worker is not None:
                        return worker
            if self._stopping and not any(place.pid for place in self._places):
                return None
            self._wait(signals)

    def _start(self, place: _Place) -> Worker | None:
        """In the process that was started, which worker that is. It gets no signal before it can deal with it."""
        signal.pthread_sigmask(signal.SIG_BLOCK, PASSED_ON)
        pid = os.fork()
        if not pid:
            return self._become(place)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, PASSED_ON)
        place.pid, place.ready, place.started = pid, False, self._clock()
        return None

    def _become(self, place: _Place) -> Worker:
        os.close(self._alive)
        os.close(self._heard)
        os.setpgid(0, 0)  # Ctrl-C reaches the parent alone, which passes it on: twice would mean to hurry
        count = len(self._places)
        return Worker(place.number, count, place.served, self._gateway, self._parent, self._told)

    def _wait(self, signals: _Signals) -> None:
        """Until something happens, and then deal with it."""
        readable, _, _ = select.select([signals, self._heard], [], [], self._patience())
        if self._heard in readable:
            for number in os.read(self._heard, 4096):
                self._places[number - 1].ready = self._places[number - 1].served = True
        for number in signals.come():
            if number in PASSED_ON:
                self._pass_on(number)
        if self._kill_at is not None and self._clock() >= self._kill_at:
            self._send(signal.SIGKILL)
        for place in self._places:
            if place.pid is not None and (ended := os.waitpid(place.pid, os.WNOHANG))[0]:
                self._ended(place, os.waitstatus_to_exitcode(ended[1]))

    def _patience(self) -> float | None:
        """Seconds until something is to be done of itself."""
        times = [place.due for place in self._places if place.pid is None and not self._stopping]
        times += [self._kill_at] if self._kill_at is not None else []
        return max(0.0, min(times) - self._clock()) if times else None

    def _pass_on(self, number: signal.Signals) -> None:
        if number in STOPS and self._stopping:
            self._kill_at = self._clock() + HURRY_SECONDS
        if number in STOPS:
            self._stop()
        self._send(number)

    def _stop(self) -> None:
        self._stopping = True
        self._on_stop()

    def _send(self, number: signal.Signals) -> None:
        for place in self._places:
            if place.pid is not None:
                os.kill(place.pid, number)

    def _ended(self, place: _Place, status: int) -> None:
        """A negative status is the signal that ended it."""
        place.pid = None
        if self._stopping:
            self._well = self._well and (status == 0 or not place.ready)
        elif status > 0 and not place.served:
            self._well = False  # and it has said why: what could not start once will not start again
            self._stop()
            self._send(signal.SIGTERM)
        else:
            steady = self._clock() - place.started >= STEADY_SECONDS
            place.wait = FIRST_WAIT_SECONDS if steady else min(place.wait, LONGEST_WAIT_SECONDS)
            place.due = self._clock() + place.wait
            log.error("worker ended: it is started again", worker=place.number, status=status, seconds=place.wait)
            place.wait *= 2
