"""Reads the body of an answer: decompressed, never past a limit, and told of as it comes."""

import time
import zlib
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Protocol

import httpx
from fastmcp.exceptions import ToolError

OnProgress = Callable[[int, int | None], Awaitable[None]]
"""Called with the bytes that came and those that are to come in all, where the site said."""
PROGRESS_SECONDS = 0.5


@dataclass(frozen=True)
class Body:
    """What came, decompressed; `truncated` when there was more than the limit."""

    content: bytes = b""
    truncated: bool = False


class _Decoder(Protocol):
    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


class _Identity:
    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        return data[:max_length]


async def read_body(response: httpx.Response, max_bytes: int, on_progress: OnProgress | None = None) -> Body:
    """Read at most `max_bytes` of the decompressed body.

    Raises ToolError when the body does not decompress.
    """
    if response.request.method == "HEAD":
        return Body()
    decoder = _decoder(response.headers.get("content-encoding", "identity"))
    content = bytearray()
    try:
        async with aclosing(_raw(response, on_progress)) as chunks:
            async for chunk in chunks:
                # One byte more than wanted tells a body that fits exactly from one that goes on. httpx's own decoding
                # has no such bound: 64 KiB of gzip can become 64 MiB in one step.
                content += decoder.decompress(chunk, max_bytes + 1 - len(content))
                if len(content) > max_bytes:
                    return Body(bytes(content[:max_bytes]), True)
    except zlib.error as error:
        raise ToolError("The site's answer is damaged: it does not decompress. Try again later.") from error
    return Body(bytes(content))


async def _raw(response: httpx.Response, on_progress: OnProgress | None) -> AsyncGenerator[bytes]:
    """The body as it comes over the wire. Of one that comes in a single piece nothing is told."""
    length = response.headers.get("content-length", "")
    total = int(length) if length.isascii() and length.isdigit() else None
    received, next_at = 0, 0.0
    async for chunk in response.aiter_raw():
        received += len(chunk)
        if on_progress and received != total and time.monotonic() >= next_at:
            next_at = time.monotonic() + PROGRESS_SECONDS
            await on_progress(received, total)
        yield chunk


def _decoder(encoding: str) -> _Decoder:
    match encoding.strip().lower():
        case "identity" | "":
            return _Identity()
        case "gzip" | "x-gzip":
            return zlib.decompressobj(zlib.MAX_WBITS | 16)
        case _:
            raise ToolError("The site answered in a compression that was not asked for. Only gzip can be read.")
