"""The suite's URIs and a few of its names, and those that a gateway publishes, told to each other on the wire.

A tool or prompt of the namespace `test` is published as the suite calls it: `simple_text` as `test_simple_text`. A URI
can't be: the suite asks for `test://static-text`, and a gateway publishes `scheme://namespace/rest`, which always has a
path. Nor can the tools for tasks, which the suite calls `greet` and the like. So this stands between the suite and
whatever it meets, fixture or gateway, and changes those in requests and URIs in answers, and not one byte more.
"""

import re
from collections.abc import MutableMapping
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

NAMESPACE = "test"
"""The fixture's namespace behind the gateway: what comes before `_` in all of the suite's names."""

NAMES = (b"greet", b"slow_compute", b"failing_job", b"protocol_error_job", b"confirm_delete", b"multi_input")
"""Tools that the suite calls by names of no namespace."""

NAMED = re.compile(rb'("name"\s*:\s*")(' + b"|".join(NAMES) + rb')"')
ASKED = re.compile(rb'("uri"\s*:\s*")test://')
PUBLISHED = re.compile(rb'("uri(?:Template)?"\s*:\s*")test://test/')
REWRITTEN = (b"application/json", b"text/event-stream")
"""Types of answers that hold JSON-RPC messages."""


def to_published(body: bytes) -> bytes:
    """A request as a gateway wants it."""
    return NAMED.sub(rb'\1test_\2"', ASKED.sub(rb"\1test://test/", body))


def to_asked(body: bytes) -> bytes:
    """An answer as the suite wants it."""
    return PUBLISHED.sub(rb"\1test://", body)


class SuiteUris:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp):
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = to_published(await _whole(receive)) if scope["method"] == "POST" else b""
        scope = {**scope, "headers": [_header(name, value, len(body)) for name, value in scope["headers"]]}
        await self._app(scope, _Replayed(body, receive), _Answer(send))


class _Replayed:
    """The changed body as one message, and then whatever the server hears of the client."""

    def __init__(self, body: bytes, receive: Receive):
        self._first: Message | None = {"type": "http.request", "body": body, "more_body": False}
        self._receive = receive

    async def __call__(self) -> Message:
        first, self._first = self._first, None
        return first or await self._receive()


class _Answer:
    """Passes an answer on line by line, so that an event is never held back and a URI never cut in two."""

    def __init__(self, send: Send):
        self._send = send
        self._rewrites = False
        self._line = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            message = self._started(message)
        elif message["type"] == "http.response.body" and self._rewrites:
            message = self._part(message)
        await self._send(message)

    def _started(self, message: Message) -> Message:
        headers = [(name.lower(), value) for name, value in message.get("headers", ())]
        self._rewrites = any(name == b"content-type" and value.startswith(REWRITTEN) for name, value in headers)
        if not self._rewrites:
            return message
        return {**message, "headers": [header for header in headers if header[0] != b"content-length"]}

    def _part(self, message: MutableMapping[str, Any]) -> Message:
        lines, newline, rest = (self._line + message.get("body", b"")).rpartition(b"\n")
        if message.get("more_body", False):
            self._line = rest
            return {**message, "body": to_asked(lines + newline)}
        return {**message, "body": to_asked(lines + newline + rest)}


async def _whole(receive: Receive) -> bytes:
    """The body of a request; what there is of it where the client left."""
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body", False):
            return body


def _header(name: bytes, value: bytes, length: int) -> tuple[bytes, bytes]:
    if name == b"content-length":
        return name, str(length).encode()
    if name == b"mcp-name" and value.startswith(b"test://"):
        return name, value.replace(b"test://", b"test://test/", 1)
    if name == b"mcp-name" and value in NAMES:
        return name, b"test_" + value
    return name, value
