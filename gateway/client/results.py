"""What the result of a tool says, in the two shapes that scripts use."""

import json
from typing import Any

from mcp_types import CallToolResult, TextContent


def text_of(result: CallToolResult) -> str:
    """A result's texts, a line each; of content that is no text, its kind in brackets."""
    return "\n".join(each.text if isinstance(each, TextContent) else f"[{each.type}]" for each in result.content)


def value_of(result: CallToolResult) -> Any:
    """A result as data: its structured content, else its text as JSON, else the text itself."""
    if result.structured_content is not None:
        return result.structured_content
    text = text_of(result)
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
