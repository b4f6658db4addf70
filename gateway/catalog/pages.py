"""Pages of a list (`server/utilities/pagination`).

A cursor names the last entry that its reader got: so it leads on at any replica, and while upstreams come and go,
where one bound to a digest of the whole catalog would send a client back to the start at each change of any upstream.
"""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from typing import NamedTuple

from gateway.errors import InvalidRequest
from gateway.model.route import Kind

BAD_CURSOR = "The cursor is none of this list, or its entry is gone. List again from the start, without a cursor."


class Page(NamedTuple):
    """Where a page begins and ends in what its reader may see, and the cursor of the next one, if there is one."""

    start: int
    end: int
    next_cursor: str | None


def cut(kind: Kind, names: Sequence[str], cursor: str | None, size: int) -> Page:
    """The page of `names`, the public names that a reader may see in their order, that follows `cursor`.

    Raises:
        InvalidRequest: the cursor is not of this list.
    """
    start = 0 if cursor is None else _after(kind, names, cursor)
    end = min(start + size, len(names))
    return Page(start, end, _cursor(kind, names[end - 1]) if end < len(names) else None)


def _cursor(kind: Kind, name: str) -> str:
    return urlsafe_b64encode(f"{kind} {name}".encode()).decode()


def _after(kind: Kind, names: Sequence[str], cursor: str) -> int:
    try:
        named, _, last = urlsafe_b64decode(cursor.encode()).decode().partition(" ")
        if named == kind:
            return names.index(last) + 1
    except (binascii.Error, ValueError):  # no base64, no text, or no such name
        pass
    raise InvalidRequest(BAD_CURSOR)
