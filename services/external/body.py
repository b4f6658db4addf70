"""Reads the body of an answer: decompressed, never past a limit, as JSON or text where it is either."""

import re
import zlib
from collections.abc import AsyncIterable
from dataclasses import dataclass
from typing import Any, Protocol

import httpx
import pydantic_core
from fastmcp.exceptions import ToolError

# A server may name any codec of Python's, and some take quadratic time; others than these are read as UTF-8.
_CHARSETS = re.compile(
    r"us-ascii|utf-8|utf-16|iso-8859-1|iso-8859-2|iso-8859-15|windows-125[0-8]|koi8-r"
    r"|shift_jis|euc-jp|iso-2022-jp|euc-kr|gb2312|gbk|gb18030|big5",
    re.IGNORECASE | re.ASCII,
)
_TEXT_TYPE = re.compile(
    r"text/.+|application/(?:json|xml|javascript|graphql|yaml|x-ndjson|x-www-form-urlencoded)|.+\+(?:json|xml|yaml)"
)


@dataclass(frozen=True)
class Body:
    """What an answer held: `json` for a whole JSON document, else `text`; neither for other content."""

    json: Any = None
    text: str | None = None
    truncated: bool = False


class _Decoder(Protocol):
    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


class _Identity:
    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        return data[:max_length]


async def read_body(response: httpx.Response, max_bytes: int) -> Body:
    """Read at most `max_bytes` of the decompressed body, and tell what it is by its content type.

    Raises ToolError when the body does not decompress.
    """
    if response.request.method == "HEAD":
        return Body()
    decoder = _decoder(response.headers.get("content-encoding", "identity"))
    try:
        content, truncated = await _read_at_most(response.aiter_raw(), decoder, max_bytes)
    except zlib.error as error:
        raise ToolError("The site's answer is damaged: it does not decompress. Try again later.") from error
    return _interpreted(content, response, truncated)


async def _read_at_most(chunks: AsyncIterable[bytes], decoder: _Decoder, limit: int) -> tuple[bytes, bool]:
    content = bytearray()
    async for chunk in chunks:
        # One byte more than wanted tells a body that fits exactly from one that goes on. httpx's own decoding
        # has no such bound: 64 KiB of gzip can become 64 MiB in one step.
        content += decoder.decompress(chunk, limit + 1 - len(content))
        if len(content) > limit:
            return bytes(content[:limit]), True
    return bytes(content), False


def _decoder(encoding: str) -> _Decoder:
    match encoding.strip().lower():
        case "identity" | "":
            return _Identity()
        case "gzip" | "x-gzip":
            return zlib.decompressobj(zlib.MAX_WBITS | 16)
        case _:
            raise ToolError("The site answered in a compression that was not asked for. Only gzip can be read.")


def _interpreted(content: bytes, response: httpx.Response, truncated: bool) -> Body:
    media_type = response.headers.get("content-type", "text/plain").partition(";")[0].strip().lower()
    if not content or not _TEXT_TYPE.fullmatch(media_type):
        return Body(truncated=truncated)
    if not truncated and _is_json(media_type):
        try:
            return Body(json=pydantic_core.from_json(content, allow_inf_nan=False))
        except ValueError:
            pass  # Called JSON but not JSON, or nested too deeply: shown as the text it is.
    return Body(text=_decoded(content, response.charset_encoding), truncated=truncated)


def _is_json(media_type: str) -> bool:
    return media_type == "application/json" or media_type.endswith("+json")


def _decoded(content: bytes, charset: str | None) -> str:
    named = charset or "utf-8"
    return content.decode(named if _CHARSETS.fullmatch(named) else "utf-8", errors="replace")
