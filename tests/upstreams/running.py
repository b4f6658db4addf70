"""A test's handle on one upstream: what it heard, how it behaves, how it ends."""

import asyncio
import contextlib
import http.client
import json
import os
import signal
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Self, TypedDict
from urllib.parse import urlencode, urlsplit

import psutil

from tests.upstreams.process import PATIENCE, Process, kill, stop

Event = Literal["request", "started", "finished", "cancelled", "spawned", "exited"]


class Recorded(TypedDict, total=False):
    """One thing that happened at an upstream.

    `event` is `request` for what a client sent (one HTTP request, or one line on stdin), and else what became of it:
    `started`, `finished` or `cancelled` for a request that was worked on or a stream that was open (a GET stream has
    the `rpc` "GET"), `spawned` and `exited` for a process on stdio. `order` counts from 1. `rpc` is the JSON-RPC method
    ("" for a client's answer or a bare GET), `name` the tool, prompt or URI. HTTP requests also have `http` (POST,
    GET, DELETE), `path`, `headers` (lower-case names, repeated ones joined by a comma), `raw_headers` (pairs as sent)
    and `connection` (the client's port); `body` is decoded JSON, else the text, None if empty. `by` says what
    cancelled: `stream` (the client left), `notification`, or `server`.
    """

    order: int
    event: Event
    pid: int
    rpc: str
    name: str
    http: str
    path: str
    headers: dict[str, str]
    raw_headers: list[list[str]]
    body: Any
    connection: int
    by: str


@dataclass(frozen=True)
class Running:
    """An upstream that serves HTTP at `url`. SDK servers record HTTP requests too, and take no control."""

    url: str
    process: Process = field(repr=False)

    @property
    def pid(self) -> int:
        return self.process.pid

    def record(self) -> list[Recorded]:
        """What clients sent, in order: entries with `event == "request"`."""
        return [entry for entry in self.events() if entry["event"] == "request"]

    def events(self) -> list[Recorded]:
        """The whole record."""
        return json.loads(self._ask("GET", "/__record"))

    def reset(self) -> None:
        """Empty the record."""
        self._ask("DELETE", "/__record")

    def control(self, **behaviour: Any) -> None:
        """Behave so from now on (fields of `raw.control.Control`); without arguments, well again. Raw ones only."""
        self._ask("POST", "/__control", json.dumps(behaviour))

    async def wait_for(self, event: Event, name: str = "", count: int = 1, deadline: float = 5.0) -> list[Recorded]:
        """The entries of that event (of that name or JSON-RPC method) once there are `count`, seconds to wait at most.

        Raises TimeoutError.
        """
        query = urlencode({"event": event, "name": name, "count": count, "deadline": deadline})
        answer = await asyncio.to_thread(self._ask, "GET", f"/__record?{query}", None, deadline + PATIENCE)
        return enough(json.loads(answer), event, name, count, deadline)

    def kill(self) -> None:
        """SIGKILL, at once."""
        kill(self.process)

    def stop(self) -> None:
        """End it and wait until it has. Twice is harmless."""
        stop(self.process)

    def _ask(self, method: str, path: str, body: str | None = None, timeout: float = PATIENCE) -> bytes:
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=timeout)
        with contextlib.closing(connection):
            connection.request(method, path, body)
            answer = connection.getresponse()
            content = answer.read()
        if answer.status >= 400:
            raise ValueError(f"{method} {path}: {answer.status} {content.decode(errors='replace')}")
        return content


@dataclass(frozen=True)
class Command:
    """An upstream that its client starts over stdio. All its processes write one record.

    The methods mean what they mean on `Running`; of SDK servers only `spawned` is recorded. It can be used without
    `with`; with it, processes that are left at the end are killed.
    """

    command: str
    args: tuple[str, ...]
    env: dict[str, str]
    record_path: Path
    control_path: Path

    def record(self) -> list[Recorded]:
        return [entry for entry in self.events() if entry["event"] == "request"]

    def events(self) -> list[Recorded]:
        """A line that is still being written is left out."""
        if not self.record_path.exists():
            return []
        *lines, _ = self.record_path.read_text().split("\n")
        return [{**json.loads(line), "order": number} for number, line in enumerate(lines, 1)]

    def reset(self) -> None:
        self.record_path.unlink(missing_ok=True)

    def control(self, **behaviour: Any) -> None:
        """In force before the next message is answered, and 50 ms later if none comes."""
        draft = self.control_path.with_suffix(".new")
        draft.write_text(json.dumps(behaviour))
        draft.replace(self.control_path)

    async def wait_for(self, event: Event, name: str = "", count: int = 1, deadline: float = 5.0) -> list[Recorded]:
        """A file tells nobody that it grew, so this one looks again every 10 ms."""
        found: list[Recorded] = []
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(deadline):
                while len(found := self._matching(event, name)) < count:  # noqa: ASYNC110 (a file has no event)
                    await asyncio.sleep(0.01)
        return enough(found, event, name, count, deadline)

    def pids(self) -> list[int]:
        """Every process that was started from this since the last reset, oldest first."""
        return [entry["pid"] for entry in self.events() if entry["event"] == "spawned"]

    def alive(self) -> list[int]:
        """Those of them that still run (a zombie does not)."""
        return [pid for pid in self.pids() if self._runs(pid)]

    def stop(self) -> None:
        """SIGKILL to those that still run."""
        for pid in self.alive():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.stop()

    def _matching(self, event: Event, name: str) -> list[Recorded]:
        named = [entry for entry in self.events() if name in ("", entry.get("name"), entry.get("rpc"))]
        return [entry for entry in named if entry["event"] == event]

    def _runs(self, pid: int) -> bool:
        """Whether that process is still the one that was started here: ids are used again."""
        try:
            found = psutil.Process(pid)
            return found.status() != psutil.STATUS_ZOMBIE and str(self.record_path) in found.cmdline()
        except psutil.NoSuchProcess:
            return False


def enough(found: list[Recorded], event: str, name: str, count: int, deadline: float) -> list[Recorded]:
    """`found`, or TimeoutError if they are fewer than `count`."""
    if len(found) < count:
        wanted = f"{event} of {name}" if name else event
        raise TimeoutError(f"{len(found)} instead of {count} times {wanted} within {deadline:g} s")
    return found
