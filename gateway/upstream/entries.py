"""What of an upstream's lists can be used: every entry and page looked at by itself, so that one spoils no other."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from mcp.shared.inbound import find_invalid_x_mcp_header
from mcp_types.methods import validate_server_result
from pydantic import ValidationError

from gateway.catalog.eras import legacy_tool
from gateway.catalog.names import public_names
from gateway.model.listing import Definition
from gateway.upstream.listener import Era
from gateway.upstream.session import LEGACY, MODERN

MAX_DEPTH = 100
SHOWN_NAME = 80
SHOWN_REASON = 200
# 2026-07-28 `server/tools`, Tool Names. A dot is allowed there and not here, which is no fault of the upstream's.
NAME = re.compile(r"[A-Za-z0-9_.-]{1,128}")
# What a list's result must have besides its entries, so that nothing but these is judged.
COMPLETE = {"resultType": "complete", "ttlMs": 0, "cacheScope": "private"}


class List(NamedTuple):
    """One of the four lists: its method, its key in the result, what identifies an item, the capability it needs."""

    method: str
    key: str
    identity: str
    capability: str


LISTS = {
    "tools": List("tools/list", "tools", "name", "tools"),
    "resources": List("resources/list", "resources", "uri", "resources"),
    "templates": List("resources/templates/list", "resourceTemplates", "uriTemplate", "resources"),
    "prompts": List("prompts/list", "prompts", "name", "prompts"),
}


def take(page: Mapping[str, Any], wanted: List, items: dict[str, Definition]) -> list[str]:
    """Add a page's entries to `items`; what cannot be used is told, and spoils nothing else."""
    faults = list(_page_faults(page))
    entries = page.get(wanted.key)
    if not isinstance(entries, list):
        faults.append(f"a page without its {wanted.key}")
        entries = []
    for item in entries:
        identity = item.get(wanted.identity) if isinstance(item, dict) else None
        if not isinstance(identity, str) or not identity:
            faults.append(f"an entry without its {wanted.identity}")
        elif identity in items:
            faults.append(f"{_shown(identity)} is there twice; the first is kept")
        elif reason := _unusable(item, wanted):
            faults.append(f"{_shown(identity)} is left out: {reason}")
        else:
            items[identity] = item
    return [f"{wanted.method}: {fault}" for fault in faults]


def oddities(namespace: str, wanted: List, items: Mapping[str, Definition], era: Era) -> list[str]:
    """What is wrong with entries that are used all the same, and what becomes of it."""
    found = [f"{_shown(name)} {each}" for name, item in items.items() for each in _item_oddities(wanted, item, era)]
    if wanted.identity == "name":
        found += [
            f"{_shown(name)} has a name of other characters than A-Z a-z 0-9 _ - . or of many: "
            f"it is called {_shown(public)} here"
            for name, public in public_names(namespace, items).items()
            if NAME.fullmatch(name) is None or not public.startswith(f"{namespace}_{name.replace('.', '_')}")
        ]
    return [f"{wanted.method}: {each}" for each in found]


def _page_faults(page: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with a page around its entries (2026-07-28 `server/utilities/caching`, `pagination`)."""
    ttl, scope, cursor = page.get("ttlMs", 0), page.get("cacheScope", "private"), page.get("nextCursor")
    if not isinstance(ttl, int) or ttl < 0:
        yield "its ttlMs is no whole number from 0 on: it counts as 0"
    if scope not in ("public", "private"):
        yield "its cacheScope is neither public nor private: it counts as private"
    if cursor is not None and not isinstance(cursor, str):
        yield "its nextCursor is no text: the list ends there"


def _unusable(item: dict[str, Any], wanted: List) -> str | None:
    if _is_deep(item, MAX_DEPTH):
        return f"it has over {MAX_DEPTH} levels"
    invalid = find_invalid_x_mcp_header(item.get("inputSchema")) if wanted.key == "tools" else None
    return invalid[:SHOWN_REASON] if invalid else _refused(item, wanted)


def _refused(item: dict[str, Any], wanted: List) -> str | None:
    """Why clients of either era could not read the entry, and with it the whole list that it stands in."""
    lowered = legacy_tool(item) if wanted.key == "tools" else item
    try:
        for version, entry in ((MODERN, item), (LEGACY, lowered)):
            validate_server_result(wanted.method, version, {wanted.key: [entry], **COMPLETE})
    except ValidationError as refusal:
        first = refusal.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(str(part) for part in first["loc"][2:])
        return f"{where}: {first['msg']}"[:SHOWN_REASON]
    return None


def _item_oddities(wanted: List, item: Definition, era: Era) -> Iterator[str]:
    if wanted.key != "tools":
        return
    if era == "legacy" and legacy_tool(item) is not item:
        yield "has an outputSchema that is no object's, as only the modern era has it: legacy clients do not see it"
    if any(_refers_outside(item.get(name)) for name in ("inputSchema", "outputSchema")):
        yield "has a $ref to the network in its schemas: it is passed on as it is, and never fetched"


def _refers_outside(schema: Any) -> bool:
    """Whether a `$ref` leads to a network address that is not the `$id` of something within."""
    refs = {ref.partition("#")[0] for ref in _members(schema, lambda key: key in ("$ref", "$dynamicRef"))}
    return any("://" in ref for ref in refs - set(_members(schema, lambda key: key == "$id")))


def _members(value: Any, wanted: Callable[[str], bool]) -> Iterator[str]:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    if isinstance(value, dict):
        yield from (each for key, each in value.items() if wanted(key) and isinstance(each, str))
    for each in inner:
        yield from _members(each, wanted)


def _is_deep(value: Any, left: int) -> bool:
    """Whether JSON has more levels than that: what can be read is far deeper than what can be written again."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return left == 0 or any(_is_deep(each, left - 1) for each in inner if isinstance(each, dict | list))


def _shown(name: str) -> str:
    return repr(name[:SHOWN_NAME])
