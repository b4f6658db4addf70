"""A load on one MCP URL: many clients side by side, each with one request in flight, every answer checked.

It must cost little beside what it measures, so requests are encoded once, and an answer whose body has just the bytes
of one that was found right is right without being read again.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlsplit

import httptools
import orjson
import uvloop

MODERN = "2026-07-28"
LEGACY = "2025-11-25"
CLIENT = {"name": "bench", "version": "1"}
DECLARED = {"elicitation": {}, "roots": {}}
"""What a legacy client declares."""
PATIENCE = 60.0
"""Seconds for any single answer."""


class WrongAnswer(Exception):
    """An answer that is not the right one; the message has what came."""


@dataclass(frozen=True)
class Target:
    """What is loaded. `key` is shown as a bearer token where there is one."""

    url: str
    era: str = "modern"
    key: str = ""


@dataclass(frozen=True)
class Request:
    """One request in as many forms as there are clients: `params(n)` of the nth, and whether its result is right."""

    method: str
    params: Callable[[int], dict[str, Any]]
    check: Callable[[int, dict[str, Any]], bool]


@dataclass(frozen=True)
class Measured:
    """What a load saw: calls and what share of them in a second, latency in seconds, and its own share of a core."""

    calls: int
    rate: float
    p50: float
    p99: float
    own_cpu: float

    def __str__(self) -> str:
        return f"{self.rate:9.1f}/s  p50 {self.p50 * 1e3:8.2f} ms  p99 {self.p99 * 1e3:8.2f} ms"


def tool_call(*names: str, change: Callable[[str], str] = str) -> Request:
    """A call whose first content block must be the text sent, after `change`.

    Every client sends another text; with several names they share them out.
    """

    def params(client: int) -> dict[str, Any]:
        return {"name": names[client % len(names)], "arguments": {"text": f"hello from {client}"}}

    def check(client: int, result: dict[str, Any]) -> bool:
        return not result.get("isError") and result["content"][0].get("text") == change(f"hello from {client}")

    return Request("tools/call", params, check)


def tools_list(count: int) -> Request:
    """A list that must have at least `count` tools, with their schemas."""

    def check(_: int, result: dict[str, Any]) -> bool:
        return len(result["tools"]) >= count and all("inputSchema" in tool for tool in result["tools"])

    return Request("tools/list", lambda _: {}, check)


def encode(target: Target, request: Request, client: int, session: str = "") -> bytes:
    """The whole HTTP request."""
    params = request.params(client)
    headers = {"MCP-Protocol-Version": MODERN if target.era == "modern" else LEGACY}
    if target.era == "modern":
        headers |= {"Mcp-Method": request.method} | ({"Mcp-Name": params["name"]} if "name" in params else {})
        about = {"protocolVersion": MODERN, "clientInfo": CLIENT, "clientCapabilities": {}}
        params = {**params, "_meta": {f"io.modelcontextprotocol/{key}": value for key, value in about.items()}}
    elif session:
        headers |= {"Mcp-Session-Id": session}
    message = {"jsonrpc": "2.0", "id": client + 1, "method": request.method, "params": params}
    return post(target, orjson.dumps(message), headers)


def post(target: Target, body: bytes, headers: dict[str, str]) -> bytes:
    """One POST as bytes."""
    url = urlsplit(target.url)
    common = {"Host": url.netloc, "Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
    key = {"Authorization": f"Bearer {target.key}"} if target.key else {}
    lines = [f"POST {url.path} HTTP/1.1", *(f"{name}: {value}" for name, value in (common | key | headers).items())]
    return "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode() + body


def message_of(body: bytes) -> dict[str, Any]:
    """The final JSON-RPC message of a body, which is JSON or server-sent events."""
    if body.startswith(b"{"):
        return orjson.loads(body)
    lines = body.replace(b"\r\n", b"\n").split(b"\n")
    return orjson.loads(next(line[5:] for line in reversed(lines) if line.startswith(b"data:") and line[5:].strip()))


class Connection(asyncio.Protocol):
    """One client. `again` is asked after each answer whether to go on; the parser calls the `on_...` methods."""

    def __init__(self) -> None:
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.latencies: list[float] = []
        self.headers: dict[bytes, bytes] = {}
        self._parts: list[bytes] = []
        self._raw: bytes | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self._parser = httptools.HttpResponseParser(self)
        self._between = True

    def run(self, request: bytes, check: Callable[[int, bytes], None], again: Callable[[], bool]) -> None:
        """Send `request` until `again` says no; then `ended` is done."""
        self._request, self._check, self._again = request, check, again
        self._right = self._right_raw = b"-"
        self._began = time.perf_counter()
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        if self._between:
            head, _, raw = data.partition(b"\r\n\r\n")
            if raw == self._right_raw and head.startswith(b"HTTP/1.1 200"):
                self._answered()
                return
            self._raw, self._between = raw, False
        else:
            self._raw = None
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._fail(error)

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers[name.lower()] = value

    def on_body(self, part: bytes) -> None:
        self._parts.append(part)

    def on_message_complete(self) -> None:
        body = b"".join(self._parts)
        self._parts.clear()
        status = self._parser.get_status_code()
        if body != self._right or status != 200:
            try:
                self._check(status, body)
            except WrongAnswer as error:
                self._fail(error)
                return
            self._right = body
            self._right_raw = self._raw or b"-"
        self._between = True
        self._answered()

    def _answered(self) -> None:
        now = time.perf_counter()
        self.latencies.append(now - self._began)
        if self._again():
            self._began = now
            self.transport.write(self._request)
        elif not self.ended.done():
            self.ended.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail(exc or ConnectionError("the connection was closed before the answer"))

    def _fail(self, error: Exception) -> None:
        if not self.ended.done():
            self.ended.set_exception(error)


def measure(target: Target, request: Request, *, concurrency: int, seconds: float) -> Measured:
    """Send `request` from `concurrency` clients for about `seconds`, after a call of each that does not count."""
    return uvloop.run(_measure(target, request, concurrency, seconds))


def repeat(target: Target, request: Request, *, calls: int, concurrency: int) -> None:
    """Send `request` just so many times."""
    uvloop.run(_repeat(target, request, calls, concurrency))


async def _measure(target: Target, request: Request, concurrency: int, seconds: float) -> Measured:
    async with _clients(target, concurrency) as clients:
        await _load(target, request, clients, lambda: False)
        for client, _ in clients:
            client.latencies.clear()
        began, own = time.perf_counter(), time.process_time()
        until = began + seconds
        await _load(target, request, clients, lambda: time.perf_counter() < until)
        took, own = time.perf_counter() - began, time.process_time() - own
    latencies = sorted(latency for client, _ in clients for latency in client.latencies)
    calls = len(latencies)
    return Measured(calls, calls / took, latencies[calls // 2], latencies[int(calls * 0.99)], own / took)


async def _repeat(target: Target, request: Request, calls: int, concurrency: int) -> None:
    left = iter(range(calls - concurrency))
    async with _clients(target, concurrency) as clients:
        await _load(target, request, clients, lambda: next(left, None) is not None)


@contextlib.asynccontextmanager
async def _clients(target: Target, count: int) -> AsyncGenerator[list[tuple[Connection, str]]]:
    """Open connections, each with its session in the legacy era."""
    url = urlsplit(target.url)
    loop = asyncio.get_running_loop()
    opened = [await loop.create_connection(Connection, str(url.hostname), url.port or 80) for _ in range(count)]
    try:
        yield [(client, await _session(target, client) if target.era == "legacy" else "") for _, client in opened]
    finally:
        for transport, client in opened:
            client.ended.cancel()
            transport.abort()


async def _session(target: Target, client: Connection) -> str:
    """Shake hands, as a client that can be asked for input and for its roots."""
    hello = {"protocolVersion": LEGACY, "clientInfo": CLIENT, "capabilities": DECLARED}
    request = Request("initialize", lambda _: hello, lambda _, result: "protocolVersion" in result)
    await _load(target, request, [(client, "")], lambda: False)
    session = client.headers.get(b"mcp-session-id", b"").decode()
    body = orjson.dumps({"jsonrpc": "2.0", "method": "notifications/initialized"})
    headers = {"MCP-Protocol-Version": LEGACY} | ({"Mcp-Session-Id": session} if session else {})
    await _answered(client, post(target, body, headers), lambda status, body: None, lambda: False)
    return session


async def _load(
    target: Target, request: Request, clients: list[tuple[Connection, str]], again: Callable[[], bool]
) -> None:
    await asyncio.gather(
        *(
            _answered(client, encode(target, request, number, session), _checker(target, request, number), again)
            for number, (client, session) in enumerate(clients)
        )
    )


async def _answered(
    client: Connection, request: bytes, check: Callable[[int, bytes], None], again: Callable[[], bool]
) -> None:
    client.ended = asyncio.get_running_loop().create_future()
    client.run(request, check, again)
    while not client.ended.done():
        seen = len(client.latencies)
        await asyncio.wait([client.ended], timeout=PATIENCE)
        if not client.ended.done() and len(client.latencies) == seen:
            raise TimeoutError(f"no answer within {PATIENCE:g} s")
    await client.ended


def _checker(target: Target, request: Request, client: int) -> Callable[[int, bytes], None]:
    def check(status: int, body: bytes) -> None:
        try:
            message = message_of(body)
            right = status == 200 and message["id"] == client + 1 and request.check(client, message["result"])
        except (ValueError, LookupError, TypeError, AttributeError, StopIteration):
            right = False
        if not right:
            raise WrongAnswer(f"{target.url} gave a wrong answer to {request.method}: {status} {body[:300]!r}")

    return check
