"""A request in hand, and the few ways to answer it."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from tests.upstreams.raw.control import Fault
from tests.upstreams.raw.streams import Stream
from tests.upstreams.raw.wire import encoded, event
from tests.upstreams.record import Receive, Scope, Send, joined, read_body

Headers = Iterable[tuple[str, str]]

STREAM_HEADERS = (("content-type", "text/event-stream"), ("cache-control", "no-cache"), ("x-accel-buffering", "no"))


@dataclass(frozen=True)
class Request:
    """One HTTP request, its body read. `connection` is the client's port; `fault` strikes its answer."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    connection: int
    receive: Receive
    fault: Fault | None = None

    async def gone(self) -> None:
        """Return when the client has left."""
        while (await self.receive())["type"] != "http.disconnect":
            pass

    def accepts(self, *types: str) -> bool:
        accepted = self.headers.get("accept", "")
        return "*/*" in accepted or all(each in accepted for each in types)


async def read_request(scope: Scope, receive: Receive) -> Request:
    return Request(
        method=scope["method"],
        path=scope["path"],
        query=dict(parse_qsl(scope["query_string"].decode())),
        headers=joined(scope["headers"]),
        body=await read_body(receive),
        connection=scope["client"][1],
        receive=receive,
    )


async def start(send: Send, status: int, headers: Headers) -> None:
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers]
    await send({"type": "http.response.start", "status": status, "headers": raw})


async def write(send: Send, body: bytes, *, more: bool = False) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": more})


async def reply(send: Send, status: int, body: bytes = b"", headers: Headers = ()) -> None:
    await start(send, status, [("content-length", str(len(body))), *headers])
    await write(send, body)


async def reply_json(send: Send, status: int, value: Any, headers: Headers = ()) -> None:
    await reply(send, status, encoded(value), [("content-type", "application/json"), *headers])


async def pour(stream: Stream, send: Send, close: Callable[[], None], first: int = 0, *, ids: bool = False) -> None:
    """Send a stream as server-sent events from its message number `first` on, until it ends or is dropped.

    The last message and the end of the body go together, so that a client that stops reading at its answer can use
    the connection again.
    """
    complete = False
    async for number, message in stream.follow(first):
        complete = stream.ends_with(number) and not stream.dropped
        await write(send, event(message, f"{stream.name}-{number}" if ids else ""), more=not complete)
    if stream.dropped:
        close()
    elif not complete:
        await write(send, b"")


async def unless_gone(request: Request, work: Awaitable[None]) -> bool:
    """Do `work`, but cancel it (by `stream`) when the client leaves. Whether it came to its end."""
    working, leaving = asyncio.ensure_future(work), asyncio.ensure_future(request.gone())
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
        return await stopped(working, "stream")
    finally:
        await stopped(leaving, "")


async def stopped(task: asyncio.Future[None], by: str) -> bool:
    """Cancel a task that still runs, and wait for its end; its own errors come out. Whether it ended by itself."""
    task.cancel(by)
    with contextlib.suppress(asyncio.CancelledError):
        await task
    return not task.cancelled()
