"""Fetches one URL for a caller, and makes of the answer what a model can read."""

import re
from base64 import b64encode
from dataclasses import dataclass
from typing import Annotated, Any

from fastmcp.tools import ToolResult
from mcp.types import ContentBlock, ImageContent, TextContent
from pydantic import Field, TypeAdapter

from services.external.body import OnProgress
from services.external.cache import is_cached
from services.external.content import Content, interpreted
from services.external.request import Asked, check
from services.external.settings import Settings
from services.external.web import Received, Web

RESPONSE_HEADERS = re.compile(
    r"age|allow|cache-control|content-(?:disposition|language|length|range)|date|etag|expires|last-modified|link"
    r"|location|retry-after|vary|x-ratelimit-(?:limit|remaining|reset)"
)


@dataclass(frozen=True)
class FetchResult:
    """An answer from a site, whatever its status."""

    status: Annotated[int, Field(description="The HTTP status of the last answer.")]
    url: Annotated[str, Field(description="The URL that answered, after any redirects.")]
    content_type: Annotated[str | None, Field(description="The answer's Content-Type, if it had one.")]
    headers: Annotated[dict[str, str], Field(description="Selected headers of the answer, names in lower case.")]
    json: Annotated[Any, Field(description="The body parsed, when it is a whole JSON document; else null.")] = None
    text: Annotated[
        str | None,
        Field(description="The body as text, HTML as Markdown; null for JSON, images, other binary and empty bodies."),
    ] = None
    cached: Annotated[bool, Field(description="Whether the body was kept from an earlier fetch.")] = False
    truncated: Annotated[bool, Field(description="Whether the body was longer than the limit and was cut.")] = False


RESULT = TypeAdapter(FetchResult)


class Fetcher:
    """Fetches what callers ask for, as far as the settings allow."""

    def __init__(self, settings: Settings, web: Web) -> None:
        self._settings = settings
        self._web = web

    async def fetch(
        self, asked: Asked, *, caller: str, markdown: bool, seconds: float | None, on_progress: OnProgress | None
    ) -> ToolResult:
        """The site's answer; an image comes before its description. Raises ToolError as `Web.exchange` does."""
        check(asked, self._settings)
        request = self._web.request(
            asked.method,
            asked.url,
            caller=caller,
            params=asked.params,
            headers=asked.headers,
            json=asked.json,
            data=asked.form,
        )
        received = await self._web.exchange(request, seconds, on_progress)
        response = received.response
        page = str(response.url) if markdown else None
        content_type, charset = response.headers.get("content-type"), response.charset_encoding
        return _told(received, await interpreted(received.body, content_type, charset, page))


def _told(received: Received, content: Content) -> ToolResult:
    response = received.response
    result = FetchResult(
        status=response.status_code,
        url=str(response.url),
        content_type=response.headers.get("content-type"),
        headers={name: value for name, value in response.headers.items() if RESPONSE_HEADERS.fullmatch(name)},
        json=content.json,
        text=content.text,
        cached=is_cached(response),
        truncated=received.body.truncated,
    )
    blocks: list[ContentBlock] = [TextContent(type="text", text=RESULT.dump_json(result).decode())]
    if content.image is not None:
        data = b64encode(content.image).decode()
        blocks.insert(0, ImageContent(type="image", data=data, mime_type=content.media_type))
    return ToolResult(blocks, structured_content=RESULT.dump_python(result, mode="json"))
