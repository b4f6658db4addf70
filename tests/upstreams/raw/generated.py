"""Any number of tools with schemas like those of real servers: nested objects, enums, arrays, `$defs`."""

from functools import lru_cache
from typing import Any

_VERBS = ("list", "get", "create", "update", "delete", "search", "export", "archive")
_NOUNS = ("invoices", "customers", "orders", "tickets", "reports", "projects", "documents", "events", "payments")

_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "filter": {"$ref": "#/$defs/filter"},
        "fields": {"type": "array", "items": {"type": "string"}, "description": "Columns to return"},
        "limit": {"type": "integer", "minimum": 1, "maximum": 500, "default": 50},
        "order": {"type": "string", "enum": ["asc", "desc"], "default": "asc"},
        "dry_run": {"type": "boolean", "description": "Say what would happen, and do nothing"},
    },
    "$defs": {
        "filter": {
            "type": "object",
            "properties": {
                "created_after": {"type": "string", "format": "date-time"},
                "owner": {"anyOf": [{"type": "string"}, {"type": "null"}]},
                "tags": {"type": "array", "items": {"type": "string"}},
            },
        }
    },
}


@lru_cache(maxsize=8)
def generated_tools(count: int) -> tuple[dict[str, Any], ...]:
    """`count` definitions, named `list_invoices_0000`, `get_customers_0001` and so on: always the same ones."""
    return tuple(_generated(number) for number in range(count))


def _generated(number: int) -> dict[str, Any]:
    verb, noun = _VERBS[number % len(_VERBS)], _NOUNS[number % len(_NOUNS)]
    return {
        "name": f"{verb}_{noun}_{number:04}",
        "title": f"{verb.capitalize()} {noun}",
        "description": f"{verb.capitalize()}s {noun} of the workspace, by filter. Returns at most `limit` of them.",
        "inputSchema": _SCHEMA,
        "annotations": {"readOnlyHint": verb in ("list", "get", "search", "export")},
    }
