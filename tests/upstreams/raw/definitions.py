"""What every raw upstream offers, as it stands on the wire: tools, resources, templates and prompts.

Between them they carry what a gateway must not lose: `$defs`, `$ref` and `$anchor`, `x-mcp-header`, vendor `_meta`,
annotations, icons, sizes, a URI without authority, a resource without media type.
"""

import base64
from typing import Any

VENDOR = "com.example.raw/kept"
"""A vendor `_meta` key that stands on definitions and results; its value says where it came from."""

ICON = {"src": "https://example.com/icon.png", "mimeType": "image/png", "sizes": ["48x48"]}
PIXEL = base64.b64encode(
    bytes.fromhex(
        "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489"
        "0000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
    )
).decode()
"""A PNG of one pixel, base64."""

NOTES = "text://raw/notes"
PICTURE = "blob://raw/pixel.png"
BOOK = "urn:raw:book:1"
UNLISTED = "text://raw/unlisted"
ITEM_PREFIX = "text://raw/items/"

NOTES_TEXT = "Notes of a raw upstream.\nSecond line."


def tool(
    name: str, description: str, properties: dict[str, Any], /, required: tuple[str, ...] = (), **more: Any
) -> Any:
    """A tool's definition; all `properties` are required unless `required` says which are."""
    schema = {"type": "object", "properties": properties, "required": list(required or properties)}
    return {"name": name, "description": description, "inputSchema": schema, **more}


_SUM = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "$defs": {"amount": {"$anchor": "amount", "type": "number"}},
    "type": "object",
    "properties": {"sum": {"$ref": "#/$defs/amount"}, "terms": {"type": "array", "items": {"$ref": "#amount"}}},
    "required": ["sum", "terms"],
}

TOOLS: tuple[Any, ...] = (
    tool(
        "echo",
        "Returns the text.",
        {"text": {"type": "string", "description": "What to say"}},
        title="Echo",
        icons=[ICON],
        annotations={"readOnlyHint": True, "idempotentHint": True, "openWorldHint": False},
        _meta={VENDOR: "tool echo"},
    ),
    tool(
        "add",
        "Adds two numbers.",
        {"a": {"type": "number"}, "b": {"type": "number"}},
        outputSchema=_SUM,
        annotations={"readOnlyHint": True},
    ),
    tool("fail", "Fails as a tool does: a result with isError.", {"message": {"type": "string"}}),
    tool(
        "error",
        "Fails as a protocol does: a JSON-RPC error with data.",
        {"code": {"type": "integer"}, "message": {"type": "string"}},
    ),
    tool("progress", "Reports progress at each step.", {"steps": {"type": "integer", "minimum": 0}}),
    tool("log", "Sends one log message.", {"level": {"type": "string"}, "message": {"type": "string"}}),
    tool("slow", "Takes its time; can be cancelled.", {"seconds": {"type": "number"}}),
    tool("ask", "Asks the user in the middle of the call.", {"question": {"type": "string"}}),
    tool("image", "Returns an image.", {}),
    tool("link", "Returns a resource link and an embedded resource.", {}),
    tool("unknown_content", "Returns content of a type that no revision knows.", {}),
    tool("whoami", "Tells what the caller let this upstream know.", {}, annotations={"readOnlyHint": True}),
    tool(
        "header",
        "Wants its region in a header, and a limit when there is one.",
        {
            "region": {"type": "string", "x-mcp-header": "Region"},
            "paging": {"type": "object", "properties": {"limit": {"type": "integer", "x-mcp-header": "Limit"}}},
        },
        required=("region",),
    ),
)

ARRAY_TOOL: Any = tool(
    "numbers",
    "Returns an array, as only the modern era may.",
    {"count": {"type": "integer"}},
    outputSchema={"type": "array", "items": {"type": "integer"}},
)

JOB_TOOL: Any = tool(
    "job",
    "Becomes a task. It `ends` with a result, an error, or never, or asks first.",
    {"ends": {"type": "string", "enum": ["result", "error", "never", "asks"]}},
)

RESOURCES: tuple[Any, ...] = (
    {
        "uri": NOTES,
        "name": "notes",
        "title": "Notes",
        "description": "A text.",
        "mimeType": "text/plain",
        "size": len(NOTES_TEXT),
        "annotations": {"audience": ["user"], "priority": 0.5, "lastModified": "2026-01-02T03:04:05Z"},
        "icons": [ICON],
        "_meta": {VENDOR: "resource notes"},
    },
    {
        "uri": PICTURE,
        "name": "pixel",
        "mimeType": "image/png",
        "size": len(base64.b64decode(PIXEL)),
        "annotations": {"audience": ["assistant"], "priority": 1.0},
        "_meta": {VENDOR: "resource pixel"},
    },
    {"uri": BOOK, "name": "book"},
)

TEMPLATES: tuple[Any, ...] = (
    {
        "uriTemplate": ITEM_PREFIX + "{id}",
        "name": "item",
        "title": "Item",
        "mimeType": "application/json",
        "annotations": {"priority": 0.2},
        "_meta": {VENDOR: "template item"},
    },
)

PROMPTS: tuple[Any, ...] = (
    {
        "name": "greet",
        "title": "Greeting",
        "description": "Greets someone.",
        "arguments": [
            {"name": "name", "description": "Whom to greet", "required": True},
            {"name": "style", "description": "How", "required": False},
        ],
        "icons": [ICON],
        "_meta": {VENDOR: "prompt greet"},
    },
    {"name": "plain", "description": "Takes no arguments."},
)

STYLES = ("formal", "friendly", "short")
"""Completions of the argument `style` of `greet`; `id` of the template completes to 1, 2 and 3."""

CONTENTS: dict[str, dict[str, Any]] = {
    NOTES: {"mimeType": "text/plain", "text": NOTES_TEXT, "_meta": {VENDOR: "contents notes"}},
    PICTURE: {"mimeType": "image/png", "blob": PIXEL},
    BOOK: {"text": "A book."},
    UNLISTED: {"mimeType": "text/plain", "text": "Not on any list."},
}
