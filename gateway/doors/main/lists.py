"""The four lists of the main door: what FastMCP lists, on our own pages and with hints for caches."""

import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, NamedTuple

import mcp_types as types
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel.server import Server

from gateway.catalog.catalog import Source
from gateway.catalog.freshness import list_hints
from gateway.catalog.pages import cut
from gateway.doors.main.door import on_the_wire
from gateway.model.route import Kind

Params = types.PaginatedRequestParams
Handler = Callable[[ServerRequestContext[Any, Any], Params | None], Awaitable[Any]]


class _List(NamedTuple):
    """What a list is of, and the attributes of the SDK's models that hold its entries and name an entry."""

    kind: Kind
    entries: str
    name: str


LISTS: Mapping[str, _List] = {
    "tools/list": _List("tool", "tools", "name"),
    "resources/list": _List("resource", "resources", "uri"),
    "resources/templates/list": _List("template", "resource_templates", "uri_template"),
    "prompts/list": _List("prompt", "prompts", "name"),
}


class Lists:
    """Cuts FastMCP's lists, which come whole, into pages.

    `by_principal` tells whether who calls decides what is on a list.
    """

    def __init__(self, sources: Callable[[], Iterable[Source]], by_principal: Callable[[], bool], page_size: int):
        self._sources = sources
        self._by_principal = by_principal
        self._page_size = page_size

    def serve(self, server: Server[Any]) -> None:
        """Put ours before the handlers that FastMCP has registered."""
        for method, about in LISTS.items():
            registered = server.get_request_handler(method)
            assert registered is not None
            server.add_request_handler(method, Params, self._paged(method, about, registered.handler))

    def _paged(self, method: str, about: _List, whole: Handler) -> Handler:
        async def listed(context: ServerRequestContext[Any, Any], params: Params | None) -> Any:
            result = await whole(context, None)
            entries = getattr(result, about.entries)
            names = [str(getattr(entry, about.name)) for entry in entries]
            with on_the_wire():
                page = cut(about.kind, names, params.cursor if params is not None else None, self._page_size)
            hints = list_hints(method, self._sources(), time.time(), by_principal=self._by_principal())
            return result.model_copy(
                update={
                    about.entries: entries[page.start : page.end],
                    "next_cursor": page.next_cursor,
                    "ttl_ms": hints["ttlMs"],
                    "cache_scope": hints["cacheScope"],
                }
            )

        return listed
