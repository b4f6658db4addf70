"""The cursor of a page: where its last row stood in the order, as text that a client sends back as it is.

It is bound to its query by a checksum, which guards against mistakes and not against forgery: a forged one can ask for
nothing that a `where` could not.
"""

import base64
import hashlib
import json
import uuid
from collections.abc import Callable, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from fastmcp.exceptions import ToolError

_DIGEST_BYTES = 9
BROKEN = "The cursor is broken. Send next_cursor of the page before as it is, or leave it out to begin anew."
FOREIGN = (
    "The cursor belongs to another query. Send it with the same database, table, where and order_by, or leave it out."
)

# What has no form of its own in JSON, by a tag: its type, and how it becomes text and comes back.
_TAGGED: dict[str, tuple[type, Callable[[Any], str], Callable[[str], Any]]] = {
    "float": (float, repr, float),
    "decimal": (Decimal, str, Decimal),
    "datetime": (datetime, datetime.isoformat, datetime.fromisoformat),
    "date": (date, date.isoformat, date.fromisoformat),
    "time": (time, time.isoformat, time.fromisoformat),
    "uuid": (uuid.UUID, str, uuid.UUID),
    "bytes": (bytes, bytes.hex, bytes.fromhex),
}
_PLAIN = (type(None), bool, int, str)


def write_cursor(query: Any, values: Sequence[Any]) -> str | None:
    """The cursor after a row with these values; `query` is what it belongs to, as JSON. None for values that have no
    form here, such as PostgreSQL's network addresses."""
    try:
        packed = [_packed(value) for value in values]
    except TypeError:
        return None
    return base64.urlsafe_b64encode(_digest(query) + json.dumps(packed, separators=(",", ":")).encode()).decode()


def read_cursor(query: Any, cursor: str, count: int) -> list[Any]:
    """The `count` values of a cursor. Raises ToolError for one that is broken, or of another query."""
    try:
        raw = base64.b64decode(cursor.encode("ascii"), altchars=b"-_", validate=True)
        values = [_unpacked(value) for value in json.loads(raw[_DIGEST_BYTES:])]
    except (ValueError, TypeError, ArithmeticError, LookupError, RecursionError) as error:
        raise ToolError(BROKEN) from error
    if raw[:_DIGEST_BYTES] != _digest(query):
        raise ToolError(FOREIGN)
    if len(values) != count:
        raise ToolError(BROKEN)
    return values


def _digest(query: Any) -> bytes:
    text = json.dumps(query, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:_DIGEST_BYTES]


def _packed(value: Any) -> Any:
    if type(value) in _PLAIN:
        return value
    for tag, (kind, write, _) in _TAGGED.items():
        if type(value) is kind:
            return [tag, write(value)]
    # Drivers have their own kinds of some, such as asyncpg's UUID.
    for tag, (kind, write, _) in _TAGGED.items():
        if isinstance(value, kind):
            return [tag, write(value)]
    raise TypeError


def _unpacked(value: Any) -> Any:
    if type(value) in _PLAIN:
        return value
    tag, text = value
    return _TAGGED[tag][2](text)
