"""What the gateway says that it can do: what somebody behind it really offers, and nothing else.

A door's own capabilities are those it has handlers for (2026-07-28 `server/discover`; 2025-11-25 `basic/lifecycle`).
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from gateway.catalog.catalog import Source

UI = "io.modelcontextprotocol/ui"
LISTED: Mapping[str, tuple[str, ...]] = {
    "tools": ("tools",),
    "prompts": ("prompts",),
    "resources": ("resources", "templates"),
}


def offered(sources: Sequence[Source]) -> frozenset[str]:
    """Which of tools, prompts and resources somebody lists, or says that it may come to list."""
    return frozenset(
        name
        for name, lists in LISTED.items()
        if any(name in each.listing.capabilities or any(getattr(each.listing, of) for of in lists) for each in sources)
    )


def relayed(capabilities: Mapping[str, Any], sources: Sequence[Source], own: Collection[str] = ()) -> dict[str, Any]:
    """Those of a door's `capabilities` that hold. `own`: what code has added to the gateway itself, as `offered`."""
    there = offered(sources) | frozenset(own)
    kept = {name: value for name, value in capabilities.items() if name not in LISTED or name in there}
    if "logging" in kept and not _logs(sources):
        del kept["logging"]
    if "resources" in kept and not _declared(sources, "resources", "subscribe"):
        kept["resources"] = {name: value for name, value in kept["resources"].items() if name != "subscribe"}
    extensions = {
        name: value for name, value in kept.pop("extensions", {}).items() if name != UI or _has_pages(sources)
    }
    return {**kept, "extensions": extensions} if extensions else kept


def _declared(sources: Sequence[Source], *path: str) -> bool:
    """Whether some upstream declares the capability at `path`."""
    return any(_at(each.listing.capabilities, path) for each in sources if each.owner == "upstream")


def _at(value: Any, path: Sequence[str]) -> bool:
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value is not None and value is not False


def _logs(sources: Sequence[Source]) -> bool:
    """Whether anyone may send log messages: a service can always do so, the gateway itself never does."""
    return _declared(sources, "logging") or any(each.owner == "service" and each.prefixed for each in sources)


def _has_pages(sources: Sequence[Source]) -> bool:
    """Whether any tool has a page of its own (the extension MCP Apps)."""
    metas = (tool.get("_meta") for each in sources for tool in each.listing.tools)
    return any(isinstance(meta, Mapping) and not meta.keys().isdisjoint(("ui", "ui/resourceUri")) for meta in metas)


def both(client: Mapping[str, Any], upstream: Mapping[str, Any]) -> dict[str, Any]:
    """A client's capabilities with those extensions only that the upstream declares too."""
    extensions = client.get("extensions")
    if extensions is None or not isinstance(extensions, Mapping):  # an abstract class is slow to ask
        return dict(client)
    theirs = upstream.get("extensions")
    shared = {name: value for name, value in extensions.items() if isinstance(theirs, Mapping) and name in theirs}
    rest = {name: value for name, value in client.items() if name != "extensions"}
    return {**rest, "extensions": shared} if shared else rest
