"""What an upstream heard and did, in order, and the ASGI wrapper that writes it down.

Standard library only: the legacy server imports it in an environment of its own.
"""

import asyncio
import contextlib
import json
import os
from collections.abc import Awaitable, Callable, Generator, MutableMapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class Record:
    """A growing list of entries (`running.Recorded`), also written to `path` as JSON lines when there is one."""

    def __init__(self, path: Path | None = None):
        self.entries: list[dict[str, Any]] = []
        self._order = 0
        self._path = path
        self._changed = asyncio.Event()

    def add(self, event: str, **about: Any) -> None:
        self._order += 1
        entry = {"order": self._order, "event": event, "pid": os.getpid(), **about}
        self.entries.append(entry)
        if self._path is not None:
            with self._path.open("a") as lines:
                lines.write(json.dumps(entry) + "\n")
        self._changed.set()
        self._changed = asyncio.Event()

    @contextlib.contextmanager
    def running(self, rpc: str, name: str) -> Generator[None]:
        """Write down that something started, and how it ended. A task's cancel message says who stopped it."""
        ending: dict[str, str] = {"event": "finished"}
        self.add("started", rpc=rpc, name=name)
        try:
            yield
        except asyncio.CancelledError as stop:
            ending = {"event": "cancelled", "by": stop.args[0] if stop.args else "server"}
            raise
        finally:
            self.add(**ending, rpc=rpc, name=name)

    def matching(self, event: str, name: str) -> list[dict[str, Any]]:
        """Entries of that event; `name`, if given, must be their name or their JSON-RPC method."""
        return [
            entry
            for entry in self.entries
            if event in ("", entry["event"]) and name in ("", entry.get("name"), entry.get("rpc"))
        ]

    async def wait(self, event: str, name: str, count: int, deadline: float) -> list[dict[str, Any]]:
        """The matching entries as soon as there are `count`, or as many as there are after `deadline` seconds."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(deadline):
                while len(self.matching(event, name)) < count:
                    await self._changed.wait()
        return self.matching(event, name)

    def clear(self) -> None:
        self.entries.clear()


def described(body: Any) -> dict[str, Any]:
    """The JSON-RPC method of a decoded body and the tool, prompt, URI or task it names; "" where there is none."""
    message = body if isinstance(body, dict) else {}
    params = message.get("params")
    named = params if isinstance(params, dict) else {}
    return {
        "rpc": message.get("method", ""),
        "name": named.get("name") or named.get("uri") or named.get("taskId") or "",
    }


def decoded(body: bytes) -> Any:
    """The JSON value, or the text when it is none."""
    try:
        return json.loads(body)
    except ValueError:
        return body.decode(errors="replace")


class Recorder:
    """Wrap an ASGI app: record each request before the app sees it, and serve the record at `/__record`."""

    def __init__(self, app: App, record: Record):
        self._app = app
        self._record = record

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif scope["path"] == "/__record":
            await self._show(scope, send)
        elif scope["path"].startswith("/__"):
            await self._app(scope, receive, send)
        else:
            body = await self._write_down(scope, receive)
            await self._app(scope, _again(body, receive), send)

    async def _write_down(self, scope: Scope, receive: Receive) -> bytes:
        body = await read_body(receive)
        pairs = [[name.decode("latin-1"), value.decode("latin-1")] for name, value in scope["headers"]]
        value = decoded(body) if body else None
        self._record.add(
            "request",
            http=scope["method"],
            path=scope["path"],
            connection=scope["client"][1],
            headers=joined(scope["headers"]),
            raw_headers=pairs,
            body=value,
            **described(value),
        )
        return body

    async def _show(self, scope: Scope, send: Send) -> None:
        query = dict(parse_qsl(scope["query_string"].decode()))
        if scope["method"] == "DELETE":
            self._record.clear()
        entries = await self._record.wait(
            query.get("event", ""), query.get("name", ""), int(query.get("count", 0)), float(query.get("deadline", 0))
        )
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": json.dumps(entries).encode()})


def joined(raw: list[tuple[bytes, bytes]]) -> dict[str, str]:
    """Headers by lower-case name; repeated ones joined by a comma (RFC 9110, section 5.3)."""
    headers: dict[str, str] = {}
    for name, value in raw:
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        headers[key] = f"{headers[key]}, {text}" if key in headers else text
    return headers


async def read_body(receive: Receive) -> bytes:
    """The whole body; what has come of it when the client leaves early."""
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body", False):
            return body


def _again(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives the body once more, and then what really comes."""
    waiting = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return waiting.pop() if waiting else await receive()

    return replay
