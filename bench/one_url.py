"""The figures of composing: what a call and a list cost here, against plain FastMCP over the same upstreams."""

import asyncio
import contextlib
from collections.abc import Generator
from dataclasses import dataclass

from bench.gateways import gateway
from bench.load import Request, measure, repeat, tool_call, tools_list
from tests.upstreams import process
from tests.upstreams.kit import raw_http

SECONDS = 3.0
ROUNDS = 3
ECHO = tool_call("up0_echo", {"text": "hello"}, "hello")
SHOUT = tool_call("own_shout", {"text": "hello"}, "HELLO")
MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class Figure:
    """One measured figure and what it should be."""

    name: str
    value: float
    wanted: float
    at_least: bool
    unit: str = "x"

    @property
    def met(self) -> bool:
        return self.value >= self.wanted if self.at_least else self.value <= self.wanted

    def __str__(self) -> str:
        sign = ">=" if self.at_least else "<="
        verdict = "met   " if self.met else "MISSED"
        return f"{verdict}  {self.value:9.2f} {self.unit:3} ({sign} {self.wanted:g})  {self.name}"


@contextlib.contextmanager
def plain(urls: list[str]) -> Generator[str]:
    """Plain FastMCP composition of `urls`, in its own process."""
    started, url = process.start(("-m", "bench.plain", *urls))
    try:
        yield url
    finally:
        process.stop(started)


def ratio(ours: str, theirs: str, request: Request, *, concurrency: int = 8) -> float:
    """Our rate over theirs, the median of a few rounds in turn."""
    found = []
    for _ in range(ROUNDS):
        rates = [asyncio.run(measure(url, request, concurrency=concurrency, seconds=SECONDS)) for url in (ours, theirs)]
        print(f"    ours {rates[0]}   theirs {rates[1]}")
        found.append(rates[0].rate / rates[1].rate)
    return sorted(found)[len(found) // 2]


def against_plain() -> list[Figure]:
    """A proxied call, and a service's, against the same composed plainly."""
    with raw_http(era="modern", tools=7) as upstream, gateway([upstream.url]) as ours, plain([upstream.url]) as theirs:
        return [
            Figure("proxied tools/call against mount(create_proxy(url))", ratio(ours.url, theirs, ECHO), 15, True),
            Figure("a service's tool against it mounted beside one proxy", ratio(ours.url, theirs, SHOUT), 10, True),
        ]


def list_with_one_hung() -> list[Figure]:
    """1,000 tools over 20 upstreams: the list with one of them hung, against all healthy."""
    with contextlib.ExitStack() as stack:
        upstreams = [stack.enter_context(raw_http(era="modern", tools=38)) for _ in range(20)]
        urls = [each.url for each in upstreams]
        ours = stack.enter_context(gateway(urls))
        request = tools_list(1000)
        found = []
        for _ in range(ROUNDS):
            healthy = asyncio.run(measure(ours.url, request, concurrency=2, seconds=SECONDS))
            upstreams[7].control(fault="hang")
            hung = asyncio.run(measure(ours.url, request, concurrency=2, seconds=SECONDS))
            upstreams[7].control()
            print(f"    healthy {healthy}   hung {hung}")
            found.append(hung.p50 / healthy.p50)
        return [Figure("tools/list of 1,000 tools with one of 20 upstreams hung", sorted(found)[1], 1.1, False)]


def start_with_faults() -> list[Figure]:
    """Seconds until ready with 20 upstreams, one dead and one hung; and memory after 10,000 calls."""
    with contextlib.ExitStack() as stack:
        upstreams = [stack.enter_context(raw_http(era="modern")) for _ in range(19)]
        upstreams[3].control(fault="hang")
        ours = stack.enter_context(gateway([*(each.url for each in upstreams), "http://127.0.0.1:9/mcp"]))
        asyncio.run(repeat(ours.url, ECHO, calls=2000, concurrency=8))
        before = ours.memory
        asyncio.run(repeat(ours.url, ECHO, calls=10_000, concurrency=8))
        grown = (ours.memory - before) / MEGABYTE
        return [
            Figure("ready with 20 upstreams, one dead, one hung", ours.ready_after, 3, False, "s"),
            Figure("memory grown over 10,000 calls", grown, 10, False, "MB"),
        ]


SCENARIOS = (against_plain, list_with_one_hung, start_with_faults)
