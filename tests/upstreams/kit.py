"""Start any upstream of this folder: the one module that other tests import."""

import asyncio
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from tests.upstreams import process
from tests.upstreams.legacy_env import legacy_python
from tests.upstreams.running import Command, Recorded, Running

__all__ = [
    "Command",
    "Recorded",
    "Running",
    "Starting",
    "fastmcp_http",
    "fastmcp_stdio",
    "legacy_http",
    "legacy_sse",
    "legacy_stdio",
    "raw_http",
    "raw_sse",
    "raw_stdio",
]

Era = Literal["modern", "legacy", "both"]
Answer = Literal["json", "sse"]

RAW = "tests.upstreams.raw"
FASTMCP = "tests.upstreams.fastmcp_server"
LEGACY = "tests.upstreams.legacy_server"


@dataclass
class Starting:
    """A server to be: `with` and `async with` start it, wait until it serves, and kill it at the end."""

    arguments: tuple[str, ...]
    legacy: bool = False
    running: Running | None = field(default=None, init=False)

    def __enter__(self) -> Running:
        started, url = process.start(("-m", *self.arguments), legacy_python() if self.legacy else sys.executable)
        self.running = Running(url, started)
        return self.running

    def __exit__(self, *_: object) -> None:
        if self.running is not None:
            self.running.kill()
            self.running.stop()

    async def __aenter__(self) -> Running:
        return await asyncio.to_thread(self.__enter__)

    async def __aexit__(self, *_: object) -> None:
        await asyncio.to_thread(self.__exit__)


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
    tasks: bool = False,
) -> Starting:
    """Streamable HTTP at `/mcp`. `tools` more, generated ones; `page_size` 0 means one page; delays in seconds.

    `session`: whether a legacy `initialize` gives out an Mcp-Session-Id and asks for it. `name` is its serverInfo's.
    `tasks`: whether it offers `job`, whose calls become tasks (modern only).
    """
    return Starting(
        (
            RAW,
            *("--era", era, "--answer", answer, "--session" if session else "--no-session", "--name", name),
            *("--tools", str(tools), "--page-size", str(page_size)),
            *("--list-delay", str(list_delay), "--call-delay", str(call_delay)),
            *(("--tasks",) if tasks else ()),
        )
    )


def raw_sse(*, tools: int = 0, page_size: int = 0, name: str = "raw") -> Starting:
    """HTTP with SSE of 2024-11-05, at `/sse`. Always legacy."""
    sized = ("--tools", str(tools), "--page-size", str(page_size))
    return Starting((RAW, "--transport", "sse", "--era", "legacy", "--name", name, *sized))


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
    tasks: bool = False,
    name: str = "raw",
) -> Command:
    """The same over stdio. Record and control are files in `folder`, named after `name`.

    `crash_on` exits with status 70 at that tool or method; `noise_on_stdout` writes a line that is no JSON before
    each message; `flood_stderr` writes 1 MiB there at start; `silent` reads and never answers.
    """
    flags = {
        "--noise-on-stdout": noise_on_stdout,
        "--flood-stderr": flood_stderr,
        "--silent": silent,
        "--tasks": tasks,
    }
    return _command(
        folder,
        name,
        *(f"{RAW}.stdio", "--era", era, "--name", name, "--crash-on", crash_on),
        *("--tools", str(tools), "--page-size", str(page_size), "--control", str(folder / f"{name}.control.json")),
        *(flag for flag, set_ in flags.items() if set_),
    )


def fastmcp_http() -> Starting:
    """`fastmcp_server.py` at `/mcp`, both eras."""
    return Starting((FASTMCP, "http"))


def fastmcp_stdio(folder: Path) -> Command:
    """`fastmcp_server.py` over stdio."""
    return _command(folder, "fastmcp", FASTMCP, "stdio")


def legacy_http(*, stateless: bool = False, answer: Answer = "sse") -> Starting:
    """`legacy_server.py` (`mcp` 1.x) over Streamable HTTP at `/mcp`."""
    flags = (*(("--stateless",) if stateless else ()), *(("--json",) if answer == "json" else ()))
    return Starting((LEGACY, "http", *flags), legacy=True)


def legacy_sse() -> Starting:
    """`legacy_server.py` over HTTP with SSE at `/sse`."""
    return Starting((LEGACY, "sse"), legacy=True)


def legacy_stdio(folder: Path) -> Command:
    """`legacy_server.py` over stdio."""
    return _command(folder, "legacy", LEGACY, "stdio", python=legacy_python())


def _command(folder: Path, name: str, module: str, *options: str, python: str = sys.executable) -> Command:
    """Clients start it in a folder of their choice, hence PYTHONPATH."""
    record = folder / f"{name}.record.jsonl"
    return Command(
        command=python,
        args=("-m", module, *options, "--record", str(record)),
        env={"PYTHONPATH": str(process.ROOT)},
        record_path=record,
        control_path=folder / f"{name}.control.json",
    )
