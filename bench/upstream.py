"""An upstream that costs as little as can be: `python -m bench.upstream` prints its origin and serves.

The path says what it is: `/modern/json/tools=10/delay=0/mcp` is a modern one that answers with JSON at once and offers
ten tools, of which every one answers with the text it is given. One process stands for any number of upstreams.
"""

import asyncio
import itertools
import socket
from dataclasses import dataclass
from typing import Any, cast

import httptools
import orjson
import uvloop

MODERN = "2026-07-28"
SERVER_INFO = {"name": "bench", "version": "1"}
CAPABILITIES = {"tools": {}}
ECHO = "echo"
_sessions = itertools.count(1)


def path(*, era: str = "modern", answer: str = "json", tools: int = 10, delay: int = 0, number: int = 0) -> str:
    """Where such an upstream is. `delay` is in milliseconds; `number` only tells equal ones apart."""
    return f"/{era}/{answer}/{tools}/{delay}/{number}/mcp"


def definitions(count: int) -> list[dict[str, Any]]:
    """`echo`, and more of the size of real ones."""
    schema = {
        "type": "object",
        "properties": {
            "text": {"type": "string", "description": "What to give back, as it is."},
            "limit": {"type": "integer", "minimum": 1, "maximum": 100, "default": 10, "description": "How many."},
        },
        "required": ["text"],
    }
    names = [ECHO, *(f"tool_{number}" for number in range(1, count))]
    return [{"name": name, "description": f"Gives back the text: {name}.", "inputSchema": schema} for name in names]


@dataclass(frozen=True)
class Offer:
    """What one path stands for, its answers encoded as far as can be."""

    modern: bool
    sse: bool
    seconds: float
    tools: bytes

    @classmethod
    def of(cls, url: str) -> "Offer":
        era, answer, tools, delay, *_ = url.strip("/").split("/")
        modern = era == "modern"
        listed = {"tools": definitions(int(tools))} | (
            {"resultType": "complete", "ttlMs": 600_000, "cacheScope": "public"} if modern else {}
        )
        return cls(modern, answer == "sse", int(delay) / 1000, orjson.dumps(listed))

    def answer(self, message: dict[str, Any]) -> bytes:
        """The whole HTTP answer to one message."""
        method = message["method"]
        if "id" not in message:
            return b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"
        if method == "tools/call":
            return self._framed(message, self._called(message["params"]["arguments"]["text"]))
        if method == "tools/list":
            return self._framed(message, self.tools)
        if method == "server/discover" and self.modern:
            known = {"supportedVersions": [MODERN], "capabilities": CAPABILITIES, "resultType": "complete"}
            told = {"serverInfo": SERVER_INFO, "ttlMs": 600_000, "cacheScope": "public"}
            return self._framed(message, orjson.dumps(known | told))
        if method == "initialize" and not self.modern:
            known = {
                "protocolVersion": message["params"]["protocolVersion"],
                "capabilities": CAPABILITIES,
                "serverInfo": SERVER_INFO,
            }
            return self._framed(message, orjson.dumps(known), b"Mcp-Session-Id: session-%d\r\n" % next(_sessions))
        if method == "ping":
            return self._framed(message, b"{}")
        return _refused(message)

    def _called(self, text: str) -> bytes:
        kind = b'"resultType":"complete",' if self.modern else b""
        return b'{%b"content":[{"type":"text","text":%b}]}' % (kind, orjson.dumps(text))

    def _framed(self, message: dict[str, Any], result: bytes, headers: bytes = b"") -> bytes:
        body = b'{"jsonrpc":"2.0","id":%b,"result":%b}' % (orjson.dumps(message["id"]), result)
        if self.sse:
            event = b"event: message\ndata: %b\n\n" % body
            return (
                b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\n%b"
                b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (headers, len(event), event)
            )
        return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n%bContent-Length: %d\r\n\r\n%b" % (
            headers,
            len(body),
            body,
        )


def _refused(message: dict[str, Any]) -> bytes:
    error = {"code": -32601, "message": "Method not found"}
    body = orjson.dumps({"jsonrpc": "2.0", "id": message["id"], "error": error})
    head = b"HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
    return head + body


class Connection(asyncio.Protocol):
    """One client's connection. The parser calls `on_url`, `on_body` and `on_message_complete`."""

    offers: dict[bytes, Offer] = {}  # noqa: RUF012

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._parser = httptools.HttpRequestParser(self)
        self._url = b""
        self._body = b""

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_url(self, url: bytes) -> None:
        self._url = url

    def on_body(self, part: bytes) -> None:
        self._body = self._body + part if self._body else part

    def on_message_complete(self) -> None:
        body, self._body = self._body, b""
        if not body:
            self._transport.write(b"HTTP/1.1 405 Method Not Allowed\r\nAllow: POST\r\nContent-Length: 0\r\n\r\n")
            return
        offer = self.offers.get(self._url)
        if offer is None:
            offer = self.offers[self._url] = Offer.of(self._url.decode())
        answer = offer.answer(orjson.loads(body))
        if offer.seconds and b"/call" in body:
            asyncio.get_running_loop().call_later(offer.seconds, self._transport.write, answer)
        else:
            self._transport.write(answer)


async def serve() -> None:
    """Serve on a free loopback port, for ever."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    server = await asyncio.get_running_loop().create_server(Connection, sock=listener)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve())
