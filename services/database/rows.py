"""Rows as JSON, as many as fit in an answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fastmcp.exceptions import ToolError
from pydantic_core import to_json as encoded
from sqlalchemy import Row

from services.database.values import to_json

_AT_ONCE = 200
TOO_LARGE = "One row is larger than the {} bytes that an answer may have. Name fewer columns in {}."


@dataclass(frozen=True)
class Limits:
    """Rows and bytes of one answer at most."""

    max_rows: int
    max_bytes: int


def fitting(names: Sequence[str], found: Sequence[Row[Any]], max_bytes: int, part: str) -> list[dict[str, Any]]:
    """The rows by column name, from the first on, as many as fit in `max_bytes` of JSON.

    Columns of a row past the names are left out. Raises ToolError when the first row does not fit, as `part` of the
    call can mend.
    """
    rows: list[dict[str, Any]] = []
    room = max_bytes
    for start in range(0, len(found), _AT_ONCE):
        chunk = to_json([dict(zip(names, row, strict=False)) for row in found[start : start + _AT_ONCE]])
        size = len(encoded(chunk))
        if size > room:
            rows += _first(chunk, room)
            break
        room -= size
        rows += chunk
    if found and not rows:
        raise ToolError(TOO_LARGE.format(max_bytes, part))
    return rows


def _first(chunk: list[dict[str, Any]], room: int) -> list[dict[str, Any]]:
    for number, row in enumerate(chunk):
        room -= len(encoded(row)) + 1
        if room < 0:
            return chunk[:number]
    return chunk
