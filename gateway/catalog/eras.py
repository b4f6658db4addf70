"""Shapes that only the modern era has, brought down to what a legacy client can read (2025-11-25, `server/tools`)."""

from collections.abc import Mapping
from typing import Any

import orjson


def legacy_tool(definition: Mapping[str, Any]) -> Mapping[str, Any]:
    """A tool's definition; an `outputSchema` that is not an object's is left out."""
    schema = definition.get("outputSchema")
    if schema is None or (isinstance(schema, Mapping) and schema.get("type") == "object"):
        return definition
    return {name: value for name, value in definition.items() if name != "outputSchema"}


def legacy_tool_result(result: dict[str, Any]) -> dict[str, Any]:
    """A `tools/call` result; `structuredContent` that is no object is left out, and said as text if nothing else is."""
    structured = result.get("structuredContent")
    if structured is None or isinstance(structured, Mapping):
        return result
    rest = {name: value for name, value in result.items() if name != "structuredContent"}
    content = rest.get("content") or [{"type": "text", "text": orjson.dumps(structured).decode()}]
    return {**rest, "content": content}
