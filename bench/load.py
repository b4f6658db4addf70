"""A load on one MCP URL: modern tool calls or lists, side by side, every answer checked to be the right one."""

import asyncio
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import aiohttp
import orjson

VERSION = "2026-07-28"
META = {
    "io.modelcontextprotocol/protocolVersion": VERSION,
    "io.modelcontextprotocol/clientInfo": {"name": "bench", "version": "1"},
    "io.modelcontextprotocol/clientCapabilities": {},
}


@dataclass(frozen=True)
class Request:
    """One request, sent again and again. `check` says whether a result is the right one."""

    method: str
    params: dict[str, Any]
    check: Callable[[dict[str, Any]], bool]

    @property
    def headers(self) -> dict[str, str]:
        name = {"Mcp-Name": self.params["name"]} if "name" in self.params else {}
        common = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
        return {**common, "MCP-Protocol-Version": VERSION, "Mcp-Method": self.method, **name}

    @property
    def body(self) -> bytes:
        params = {**self.params, "_meta": META}
        return orjson.dumps({"jsonrpc": "2.0", "id": 1, "method": self.method, "params": params})


@dataclass(frozen=True)
class Measured:
    """What a load saw: calls in a second, and latency in seconds."""

    rate: float
    p50: float
    p99: float

    def __str__(self) -> str:
        return f"{self.rate:8.1f}/s  p50 {self.p50 * 1e3:7.2f} ms  p99 {self.p99 * 1e3:7.2f} ms"


def tool_call(name: str, arguments: dict[str, Any], expected: str) -> Request:
    """A call whose first content block must be the text `expected`."""

    def check(result: dict[str, Any]) -> bool:
        return not result.get("isError") and result["content"][0].get("text") == expected

    return Request("tools/call", {"name": name, "arguments": arguments}, check)


def tools_list(count: int) -> Request:
    """A list that must have at least `count` tools."""
    return Request("tools/list", {}, lambda result: len(result["tools"]) >= count)


async def measure(url: str, request: Request, *, concurrency: int, seconds: float, warm_up: int = 5) -> Measured:
    """Send `request` to `url` from `concurrency` clients for about `seconds`."""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        for _ in range(warm_up):
            await _once(session, url, request)
        until = time.perf_counter() + seconds
        began = time.perf_counter()
        parts = await asyncio.gather(*(_repeat(session, url, request, until) for _ in range(concurrency)))
        took = time.perf_counter() - began
    latencies = sorted(latency for part in parts for latency in part)
    return Measured(len(latencies) / took, statistics.median(latencies), latencies[int(len(latencies) * 0.99)])


async def repeat(url: str, request: Request, *, calls: int, concurrency: int) -> None:
    """Send `request` just so many times."""
    left = iter(range(calls))
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        async def worker() -> None:
            for _ in left:
                await _once(session, url, request)

        await asyncio.gather(*(worker() for _ in range(concurrency)))


async def _repeat(session: aiohttp.ClientSession, url: str, request: Request, until: float) -> list[float]:
    latencies: list[float] = []
    while not latencies or time.perf_counter() < until:
        began = time.perf_counter()
        await _once(session, url, request)
        latencies.append(time.perf_counter() - began)
    return latencies


async def _once(session: aiohttp.ClientSession, url: str, request: Request) -> None:
    async with session.post(url, data=request.body, headers=request.headers) as response:
        body = await response.read()
        if response.content_type == "text/event-stream":
            body = next(line[6:] for line in reversed(body.split(b"\n")) if line.startswith(b"data: "))
    answer = orjson.loads(body)
    if "result" not in answer or not request.check(answer["result"]):
        raise RuntimeError(f"{url} did not give the right answer to {request.method}")
