"""What goes wrong on the way: answers instead of the right one, and what happens to the bytes of the right one."""

import asyncio
import zlib
from collections.abc import Awaitable, Callable

from tests.upstreams.raw.asgi import STREAM_HEADERS, Request, reply, start, write
from tests.upstreams.raw.control import Control, Fault
from tests.upstreams.raw.wire import Json
from tests.upstreams.record import Message, Send

BLOAT = "com.example.raw/bloat"
PART = b"x" * 65_536
NO_JSON = b'{"jsonrpc": "2.0", "id": 1, "result": {'
WEB_PAGE = b"<!doctype html><title>Sign in</title><p>Please sign in.</p>"


async def _pings(request: Request, send: Send, control: Control) -> None:
    await start(send, 200, STREAM_HEADERS)
    while True:
        await write(send, b": ping\r\n\r\n", more=True)
        await asyncio.sleep(control.interval)


async def _hang(request: Request, send: Send, control: Control) -> None:
    await asyncio.Event().wait()


async def _html(request: Request, send: Send, control: Control) -> None:
    await reply(send, 200, WEB_PAGE, [("content-type", "text/html")])


async def _server_error(request: Request, send: Send, control: Control) -> None:
    await reply(send, 500, b"Internal Server Error", [("content-type", "text/plain")])


async def _unauthorized(request: Request, send: Send, control: Control) -> None:
    await reply(send, 401, b"", [("www-authenticate", 'Bearer error="invalid_token"')])


async def _forbidden(request: Request, send: Send, control: Control) -> None:
    challenge = 'Bearer error="insufficient_scope", scope="raw:read raw:write"'
    await reply(send, 403, b"", [("www-authenticate", challenge)])


async def _rate_limited(request: Request, send: Send, control: Control) -> None:
    await reply(send, 429, b"", [("retry-after", str(control.retry_after))])


async def _unavailable(request: Request, send: Send, control: Control) -> None:
    await reply(send, 503, b"", [("retry-after", str(control.retry_after))])


async def _redirect(request: Request, send: Send, control: Control) -> None:
    await reply(send, 307, b"", [("location", control.location)])


async def _garbage(request: Request, send: Send, control: Control) -> None:
    await reply(send, 200, NO_JSON, [("content-type", "application/json")])


async def _empty(request: Request, send: Send, control: Control) -> None:
    await reply(send, 200, b"", [("content-type", "application/json")])


async def _endless(request: Request, send: Send, control: Control) -> None:
    await start(send, 200, STREAM_HEADERS)
    await write(send, b"data: ", more=True)
    for _ in range(control.size // len(PART)):
        await write(send, PART, more=True)


INSTEAD: dict[Fault, Callable[[Request, Send, Control], Awaitable[None]]] = {
    "pings": _pings,
    "hang": _hang,
    "html": _html,
    "server_error": _server_error,
    "unauthorized": _unauthorized,
    "forbidden": _forbidden,
    "rate_limited": _rate_limited,
    "unavailable": _unavailable,
    "redirect": _redirect,
    "garbage": _garbage,
    "empty": _empty,
    "endless": _endless,
}
"""Faults whose answer comes without any work having been done."""


ENDINGS: dict[Fault, Callable[[bytes], bytes]] = {
    "twice": lambda answer: answer * 2,
    "no_answer": lambda answer: b"",
    "half_answer": lambda answer: answer[: len(answer) // 2],
}
"""What becomes of the bytes of an answer, after which everything goes on as if they were right."""


def altered(answer: Json, fault: Fault | None, control: Control) -> Json:
    """The final message as the fault would have it; most leave it alone."""
    if fault == "wrong_id":
        return {**answer, "id": "an-id-that-nobody-sent"}
    if fault in ("huge", "compressed") and "result" in answer:
        result = answer["result"]
        return {**answer, "result": {**result, "_meta": {**result.get("_meta", {}), BLOAT: "x" * control.size}}}
    return answer


def spoiled(send: Send, fault: Fault | None, control: Control, close: Callable[[], None]) -> Send:
    """`send`, with the fault applied to what goes through it."""
    if fault == "drip":
        return _dripping(send, control.interval)
    if fault == "compressed":
        return _compressing(send)
    if fault in ENDINGS:
        return _ending(send, ENDINGS[fault])
    if fault == "cut":
        return _cutting(send, close)
    if fault == "close_after":
        return _closing(close)
    return send


def _dripping(send: Send, interval: float) -> Send:
    async def drip(message: Message) -> None:
        for byte in message.get("body", b""):
            await send({"type": "http.response.body", "body": bytes([byte]), "more_body": True})
            await asyncio.sleep(interval)
        await send({**message, "body": b""} if "body" in message else message)

    return drip


def _compressing(send: Send) -> Send:
    packer = zlib.compressobj(wbits=31)  # 31: with a gzip header

    async def compress(message: Message) -> None:
        if message["type"] == "http.response.start":
            await send({**message, "headers": [*_of_any_length(message), (b"content-encoding", b"gzip")]})
            return
        last = not message.get("more_body", False)
        packed = packer.compress(message["body"]) + packer.flush(zlib.Z_FINISH if last else zlib.Z_SYNC_FLUSH)
        await send({**message, "body": packed})

    return compress


def _of_any_length(start: Message) -> list[tuple[bytes, bytes]]:
    return [pair for pair in start["headers"] if pair[0] != b"content-length"]


def _ending(send: Send, change: Callable[[bytes], bytes]) -> Send:
    async def end(message: Message) -> None:
        if message["type"] == "http.response.start":
            await send({**message, "headers": _of_any_length(message)})
        else:
            is_last = not message.get("more_body", False)
            await send({**message, "body": change(message["body"])} if is_last else message)

    return end


def _cutting(send: Send, close: Callable[[], None]) -> Send:
    """Keeps all that would be sent, then sends the first half of it."""
    held = b""

    async def cut(message: Message) -> None:
        nonlocal held
        if message["type"] == "http.response.start":
            await send(message)
            return
        held += message["body"]
        if not message.get("more_body", False):
            await send({**message, "body": held[: len(held) // 2], "more_body": True})
            close()

    return cut


def _closing(close: Callable[[], None]) -> Send:
    """Sends nothing, and ends the connection where the answer would have been complete."""

    async def end(message: Message) -> None:
        if message["type"] == "http.response.body" and not message.get("more_body", False):
            close()

    return end
