"""Lists from the catalog's bytes: what the main door would list, encoded once per catalog and reader."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from gateway.catalog.catalog import Catalog, Source
from gateway.catalog.encode import EncodedList, encode_result
from gateway.catalog.eras import legacy_tool
from gateway.catalog.freshness import list_hints
from gateway.doors.serving import Serving
from gateway.model.principal import ALL_SCOPES, Principal
from gateway.model.route import Kind, Route
from gateway.upstream.listener import Era
from gateway.upstream.session import META_SERVER

LISTED: Mapping[str, Kind] = {
    "tools/list": "tool",
    "resources/list": "resource",
    "resources/templates/list": "template",
    "prompts/list": "prompt",
}
MEMBERS = frozenset({"cursor", "_meta"})
# Pages that are kept ready, of at most `page_size` entries each.
MOST_PAGES = 64

Page = tuple[bytes, str | None]


class Known(NamedTuple):
    """What is known of the lists as they are now: who offers something, whether who calls decides what is on them, and
    whether the catalog has all that FastMCP would list."""

    sources: Callable[[], Sequence[Source]]
    by_principal: Callable[[], bool]
    is_all: Callable[[], bool]


class ReadyLists:
    """Answers lists.

    Args:
        page_size: entries on a page at most.
        server_info: what the gateway calls itself in results.
    """

    def __init__(self, serving: Serving, known: Known, page_size: int, server_info: Mapping[str, Any]):
        self._serving = serving
        self._known = known
        self._page_size = page_size
        self._server_info = dict(server_info)
        self._made_from: Catalog | None = None
        self._pages: dict[tuple[Any, ...], Page] = {}
        self._legacy_tools: EncodedList | None = None

    def answer(self, method: str, params: Mapping[str, Any], principal: Principal, era: Era) -> bytes | None:
        """The result of a list as JSON; None for what is no list, or not for the catalog to answer.

        Raises:
            InvalidRequest: the cursor is not of this list.
        """
        kind = LISTED.get(method)
        if kind is None or not params.keys() <= MEMBERS or not self._known.is_all():
            return None
        cursor = params.get("cursor")
        if "cursor" in params and type(cursor) is not str:
            return None
        body, next_cursor = self._page(kind, cursor, principal, era)
        more = {} if next_cursor is None else {"nextCursor": next_cursor}
        return encode_result(body, more if era == "legacy" else {**more, **self._of_modern(method)})

    def _of_modern(self, method: str) -> dict[str, Any]:
        hints = list_hints(method, self._known.sources(), time.time(), by_principal=self._known.by_principal())
        return {**hints, "resultType": "complete", "_meta": {META_SERVER: self._server_info}}

    def _page(self, kind: Kind, cursor: str | None, principal: Principal, era: Era) -> Page:
        if self._made_from is not self._serving.catalog:
            self._made_from, self._pages, self._legacy_tools = self._serving.catalog, {}, None
        sees_all = principal.scopes >= ALL_SCOPES
        key = (kind, era, cursor, None if sees_all else principal.scopes)
        page = self._pages.get(key)
        if page is None:
            page = self._list(kind, era).page(cursor, self._page_size, None if sees_all else self._visible(principal))
            if len(self._pages) >= MOST_PAGES:
                self._pages.clear()
            self._pages[key] = page
        return page

    def _visible(self, principal: Principal) -> Callable[[Route], bool]:
        return lambda route: self._serving.guard.may_see(principal, route)

    def _list(self, kind: Kind, era: Era) -> EncodedList:
        catalog = self._serving.catalog
        if era == "modern" or kind != "tool":
            return catalog.lists[kind]
        if self._legacy_tools is None:
            tools = catalog.routes["tool"].values()
            self._legacy_tools = EncodedList(
                "tool", [replace(tool, definition=legacy_tool(tool.definition)) for tool in tools]
            )
        return self._legacy_tools
