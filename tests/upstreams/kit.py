"""Start any upstream of this folder: the one module that other tests import."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypedDict

Era = Literal["modern", "legacy", "both"]
Answer = Literal["json", "sse"]


class Recorded(TypedDict, total=False):
    """One thing that happened at an upstream.

    `event` is `request` for what a client sent (one HTTP request, or one line on stdin), and else what became of it:
    `started`, `finished` or `cancelled` for a tool call or an open stream. `order` counts from 1 over all of them.
    `rpc` is the JSON-RPC method ("" for a client's answer or a bare GET), `name` the tool, prompt or URI. Requests
    also have `http` (GET, POST, DELETE), `path`, `headers` (names in lower case, repeated ones joined by a comma),
    `raw_headers` (pairs as sent), `body` (decoded JSON, else the text) and `connection` (the client's port).
    On stdio there are only `pid` and `body`. `by` says what cancelled: `stream` or `notification`.
    """

    order: int
    event: Literal["request", "started", "finished", "cancelled"]
    pid: int
    rpc: str
    name: str
    http: str
    path: str
    headers: dict[str, str]
    raw_headers: list[list[str]]
    body: object
    connection: int
    by: str


@dataclass(frozen=True)
class Running:
    """An upstream that serves HTTP at `url` from process `pid`."""

    url: str
    pid: int

    def record(self) -> list[Recorded]:
        """What clients sent, in order: entries with `event == "request"`."""
        raise NotImplementedError

    def events(self) -> list[Recorded]:
        """The whole record, tool calls that started, finished or were cancelled included."""
        raise NotImplementedError

    def reset(self) -> None:
        """Empty the record."""
        raise NotImplementedError

    def control(self, **behaviour: object) -> None:
        """Behave so from now on (fields of `raw.control.Control`); without arguments, well again. Raw ones only."""
        raise NotImplementedError

    async def wait_for(self, event: str, name: str = "", count: int = 1, deadline: float = 5.0) -> list[Recorded]:
        """The first `count` entries of that event (of that tool or JSON-RPC method); TimeoutError past the deadline."""
        raise NotImplementedError

    def kill(self) -> None:
        """SIGKILL to its process group, at once."""
        raise NotImplementedError

    def stop(self) -> None:
        """SIGTERM, and SIGKILL when that does not help; returns when the process is gone. Twice is harmless."""
        raise NotImplementedError


@dataclass(frozen=True)
class Command:
    """An upstream that its client starts over stdio; what several processes heard goes into one record.

    The methods mean what they mean on `Running`. SDK servers keep no record, so theirs stays empty.
    """

    command: str
    args: tuple[str, ...]
    env: dict[str, str]
    record_path: Path

    def record(self) -> list[Recorded]:
        raise NotImplementedError

    def events(self) -> list[Recorded]:
        raise NotImplementedError

    def reset(self) -> None:
        raise NotImplementedError

    def control(self, **behaviour: object) -> None:
        raise NotImplementedError

    async def wait_for(self, event: str, name: str = "", count: int = 1, deadline: float = 5.0) -> list[Recorded]:
        raise NotImplementedError

    def pids(self) -> list[int]:
        """Every process that was ever started from this command, oldest first."""
        raise NotImplementedError

    def alive(self) -> list[int]:
        """Those of them that still run (a zombie does not)."""
        raise NotImplementedError


Starting = contextlib.AbstractContextManager[Running]


def raw_http(
    *,
    era: Era = "both",
    session: bool = True,
    answer: Answer = "sse",
    tools: int = 0,
    page_size: int = 0,
    list_delay: float = 0.0,
    call_delay: float = 0.0,
    name: str = "raw",
) -> Starting:
    """Streamable HTTP at `/mcp`. `tools` more, generated ones; `page_size` 0 means one page; delays in seconds.

    `session`: whether a legacy `initialize` gives out an Mcp-Session-Id and asks for it. `name` is its serverInfo.
    """
    raise NotImplementedError


def raw_sse(*, tools: int = 0, page_size: int = 0, name: str = "raw") -> Starting:
    """HTTP with SSE of 2024-11-05, at `/sse`. Always legacy."""
    raise NotImplementedError


@contextlib.contextmanager
def raw_stdio(
    folder: Path,
    *,
    era: Era = "both",
    tools: int = 0,
    page_size: int = 0,
    crash_on: str = "",
    noise_on_stdout: bool = False,
    flood_stderr: bool = False,
    silent: bool = False,
    name: str = "raw",
) -> Iterator[Command]:
    """The same over stdio. Record and control live in files in `folder`.

    `crash_on` exits with status 70 on that tool or method; `noise_on_stdout` writes lines that are no JSON before
    each answer; `flood_stderr` writes 1 MiB there at start; `silent` reads and never answers.
    """
    raise NotImplementedError


def fastmcp_http() -> Starting:
    """`fastmcp_server.py` at `/mcp`, both eras. It records HTTP requests and takes no control."""
    raise NotImplementedError


def fastmcp_stdio(folder: Path) -> contextlib.AbstractContextManager[Command]:
    """`fastmcp_server.py` over stdio."""
    raise NotImplementedError


def legacy_http(*, stateless: bool = False, answer: Answer = "sse") -> Starting:
    """`legacy_server.py` (`mcp` 1.x) over Streamable HTTP at `/mcp`. It records HTTP requests and takes no control."""
    raise NotImplementedError


def legacy_sse() -> Starting:
    """`legacy_server.py` over HTTP with SSE at `/sse`."""
    raise NotImplementedError


def legacy_stdio(folder: Path) -> contextlib.AbstractContextManager[Command]:
    """`legacy_server.py` over stdio."""
    raise NotImplementedError
