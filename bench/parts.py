"""What is measured, each part in its own process: the upstream, plain FastMCP and our gateway."""

import contextlib
import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from bench import compiled
from bench.load import Target
from gateway.policy.keys import KeyStore
from tests.upstreams import process

MOST_IN_FLIGHT = 100_000
"""The bound on calls in flight, for every part: out of reach."""
PATIENCE = 30.0
SERVICE = '[services.own]\nmodule = "bench.service:mcp"\n'


@dataclass(frozen=True)
class Part:
    """One part that is ready: how to load it, its process, and how many seconds it took from its start."""

    name: str
    target: Target
    pid: int
    ready_after: float = 0.0

    @property
    def memory(self) -> int:
        """Resident bytes of its process tree."""
        return sum(each.memory_info().rss for each in self._tree())

    @property
    def cpu(self) -> float:
        """Seconds of CPU that its process tree has used."""
        return sum(each.cpu_times().user + each.cpu_times().system for each in self._tree())

    def at(self, era: str) -> "Part":
        """The same, for clients of another era."""
        return replace(self, target=replace(self.target, era=era))

    def named(self, name: str) -> "Part":
        """The same under another name."""
        return replace(self, name=name)

    def _tree(self) -> list[psutil.Process]:
        whole = psutil.Process(self.pid)
        return [whole, *whole.children(recursive=True)]


@contextlib.contextmanager
def upstream() -> Generator[tuple[str, int]]:
    """The origin and process of the upstream that all parts share; `bench.upstream.path` says what it can be."""
    with _module("bench.upstream") as (origin, started):
        yield origin, started.pid


@contextlib.contextmanager
def plain(urls: Sequence[str] = (), *, tools: int = 0) -> Generator[Part]:
    """Plain FastMCP: `urls` mounted as proxies, beside `tools` more of its own."""
    with _module("bench.plain", "--tools", str(tools), *urls) as (url, started):
        yield Part("plain FastMCP", Target(url), started.pid)


@contextlib.contextmanager
def bare_table(database: str) -> Generator[Part]:
    """Plain FastMCP with one tool, that reads a table of the database of this url."""
    with _module("bench.table", database) as (url, started):
        yield Part("plain FastMCP", Target(url), started.pid)


@contextlib.contextmanager
def gateway(
    urls: Sequence[str],
    *,
    name: str = "gateway",
    express: bool = True,
    everything: bool = True,
    heard: bool = True,
    list_deadline: float = 60.0,
    workers: int = 1,
    more: str = "",
    is_compiled: bool = False,
) -> Generator[Part]:
    """Ours, with the upstreams `up0`, `up1`, … `everything`: a key with scopes, metrics, a log and an audit on disk;
    else none of them.

    `express`: with the express door, or the main door alone. `heard`: wait until every upstream has been asked what it
    offers, or only until it serves. `list_deadline`: seconds, as many as can be, so that a busy machine loses none.
    `more`: further tables of the configuration. `is_compiled`: the build that `make compiled` makes.
    """
    with TemporaryDirectory() as folder:
        file = Path(folder) / "gateway.toml"
        upstreams = (
            f'[upstreams.up{number}]\nurl = "{url}"\nmax_in_flight = {MOST_IN_FLIGHT}\n'
            f"list_deadline = {list_deadline}\n"
            for number, url in enumerate(urls)
        )
        head = f'server.state_dir = "state"\nserver.express = {str(express).lower()}\nlog.format = "json"\n'
        head += f"server.workers = {workers}\naudit.enabled = {str(everything).lower()}\n"
        file.write_text(head + SERVICE + "".join(upstreams) + more)
        key = ""
        if everything:
            _, key = KeyStore(file.parent / "state").create(
                "bench", ["own:*", "database:read", *(f"up{n}:*" for n in range(len(urls)))]
            )
        began = time.perf_counter()
        bare = () if everything else ("--bare",)
        with _module("bench.up", str(file), *bare, is_compiled=is_compiled) as (url, started):
            ready_after = time.perf_counter() - began
            if heard:
                _wait_for_line(started)
            yield Part(name, Target(url, key=key), started.pid, ready_after)


@contextlib.contextmanager
def _module(name: str, *arguments: str, is_compiled: bool = False) -> Generator[tuple[str, process.Process]]:
    where = (compiled.PYTHON, compiled.TREE) if is_compiled else ()
    started, url = process.start(("-m", name, *arguments), *where)
    try:
        yield url, started
    finally:
        process.stop(started)


def _wait_for_line(started: process.Process) -> None:
    assert started.stdout is not None
    if not started.stdout.readline():  # every listing has its deadline, so the line comes, or the process ended
        raise process.NotStarted("the gateway ended before it had heard from its upstreams")
