"""Tells what a body is by its content type: JSON, text, a page that becomes Markdown, or an image."""

import asyncio
import re
from dataclasses import dataclass
from typing import Any

import pydantic_core
from html_to_markdown import ConversionOptions, HiddenContent, InlineDataMedia, convert
from html_to_markdown.exceptions import ConversionError

from services.external.body import Body

# A server may name any codec of Python's, and some take quadratic time; others than these are read as UTF-8.
_CHARSETS = re.compile(
    r"us-ascii|utf-8|utf-16|iso-8859-1|iso-8859-2|iso-8859-15|windows-125[0-8]|koi8-r"
    r"|shift_jis|euc-jp|iso-2022-jp|euc-kr|gb2312|gbk|gb18030|big5",
    re.IGNORECASE | re.ASCII,
)
_TEXT_TYPE = re.compile(
    r"text/.+|application/(?:json|xml|javascript|graphql|yaml|x-ndjson|x-www-form-urlencoded)|.+\+(?:json|xml|yaml)"
)
_HTML_TYPES = frozenset({"text/html", "application/xhtml+xml"})
_CELL = re.compile(r"""<t[dh]\b(?:[^<>"']|"[^"]*"|'[^']*')*+>""", re.IGNORECASE)
_SPAN = re.compile(r"""\b(?:col|row)span\s*=\s*("[^"]*"|'[^']*'|[^\s>]+)""", re.IGNORECASE)
# What models are commonly able to look at. SVG is text, and comes as that.
_IMAGE_TYPES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})


@dataclass(frozen=True)
class Content:
    """What an answer held: `json` of a whole JSON document, else `text`, or a whole `image`; none of other content."""

    json: Any = None
    text: str | None = None
    image: bytes | None = None
    media_type: str = ""


async def interpreted(body: Body, content_type: str | None, charset: str | None, page: str | None) -> Content:
    """What the body is. HTML becomes Markdown, its links made whole by the URL of its `page`, unless that is None."""
    media_type = (content_type or "text/plain").partition(";")[0].strip().lower()
    if body.content and media_type in _IMAGE_TYPES:
        return Content(image=None if body.truncated else body.content, media_type=media_type)
    if not body.content or not _TEXT_TYPE.fullmatch(media_type):
        return Content(media_type=media_type)
    if not body.truncated and is_json(media_type):
        try:
            return Content(json=pydantic_core.from_json(body.content, allow_inf_nan=False), media_type=media_type)
        except ValueError:
            pass  # Called JSON but not JSON, or nested too deeply: shown as the text it is.
    text = _decoded(body.content, charset)
    if page is not None and media_type in _HTML_TYPES:
        text = await asyncio.to_thread(_markdown, text, page)
    return Content(text=text, media_type=media_type)


def _markdown(html: str, page: str) -> str:
    """The page as Markdown. What a browser would not show is left out, as it can hold words meant for models only.

    A page that cannot be converted comes as it is.
    """
    options = ConversionOptions(
        base_url=page,
        compact_tables=True,
        extract_metadata=False,
        hidden_content=HiddenContent.DROP,
        inline_data_media=InlineDataMedia.ALT_TEXT_ONLY,
    )
    try:
        return (convert(_CELL.sub(_narrow, html), options).content or "").strip() or html
    except ConversionError:
        return html


def _narrow(cell: re.Match[str]) -> str:
    """A table's cell that spans nine others at most either way: each is written out, and a page may say any number."""
    return _SPAN.sub(lambda span: span[0] if span[1].strip("\"' ").isdigit() and len(span[1]) <= 3 else "", cell[0])


def is_json(media_type: str) -> bool:
    """Whether a media type is JSON, or a format made of it."""
    return media_type == "application/json" or media_type.endswith("+json")


def _decoded(content: bytes, charset: str | None) -> str:
    named = charset or "utf-8"
    return content.decode(named if _CHARSETS.fullmatch(named) else "utf-8", errors="replace")
