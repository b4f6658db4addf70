"""Lists as bytes: every definition is encoded once per catalog, and a list is a join of what its reader may see."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import orjson

from gateway.catalog.pages import cut
from gateway.model.route import Kind, Route

RESULT_KEYS: Mapping[Kind, str] = {
    "tool": "tools",
    "resource": "resources",
    "template": "resourceTemplates",
    "prompt": "prompts",
}


class EncodedList:
    """The entries of one list, in the catalog's order."""

    def __init__(self, kind: Kind, routes: Iterable[Route]):
        self._kind: Kind = kind
        self._key = RESULT_KEYS[kind].encode()
        self._entries = tuple((route, orjson.dumps(route.definition)) for route in routes)
        self._whole = self._wrap(entry for _, entry in self._entries)

    def body(self, visible: Callable[[Route], bool] | None = None) -> bytes:
        """The inside of a result object, `"tools":[…]`: all of it, or the entries that `visible` lets through."""
        if visible is None:
            return self._whole
        return self._wrap(entry for route, entry in self._entries if visible(route))

    def page(
        self, cursor: str | None, size: int, visible: Callable[[Route], bool] | None = None
    ) -> tuple[bytes, str | None]:
        """As `body`, the at most `size` entries that follow `cursor`; and the cursor of the next page, if there is one.

        Raises:
            InvalidRequest: the cursor is not of this list.
        """
        if cursor is None and visible is None and len(self._entries) <= size:
            return self._whole, None
        shown = self._entries if visible is None else [each for each in self._entries if visible(each[0])]
        page = cut(self._kind, [route.public for route, _ in shown], cursor, size)
        return self._wrap(entry for _, entry in shown[page.start : page.end]), page.next_cursor

    def _wrap(self, entries: Iterable[bytes]) -> bytes:
        return b'"%s":[%s]' % (self._key, b",".join(entries))


def encode_result(body: bytes, rest: Mapping[str, Any]) -> bytes:
    """A result object of a list's `body` and the members in `rest`, such as `resultType`."""
    tail = orjson.dumps(rest)[1:-1]
    return b"{%s,%s}" % (body, tail) if tail else b"{%s}" % body
