"""Brings JSON values to the types of the columns they are meant for, and rows back to JSON."""

import base64
import math
import uuid
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from fastmcp.exceptions import ToolError
from pydantic_core import to_jsonable_python
from sqlalchemy import Column, types

_INT64 = range(-(2**63), 2**63)


def read_value(column: Column[Any], value: Any, part: str) -> Any:
    """The value as the column's type takes it; None stays None.

    Raises ToolError that names the column, the part of the call (such as 'where') and the type expected.
    """
    if value is None:
        return None
    for kind, expected, read in _READERS:
        if isinstance(column.type, kind):
            try:
                return read(value, column.type)
            except (ValueError, TypeError, ArithmeticError) as error:
                raise ToolError(f"In {part}, column {column.name!r} takes {expected}.") from error
    return value


def to_json(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The rows with dates in ISO 8601, decimals and ids as text, bytes as URL-safe base64."""
    return to_jsonable_python([dict(row) for row in rows], bytes_mode="base64", timedelta_mode="iso8601", fallback=str)


def _exactly(*kinds: type) -> Callable[[Any, Any], Any]:
    """Take values of these types alone; Python's bool is an int, JSON's is not."""

    def read(value: Any, _type: Any) -> Any:
        if type(value) not in kinds:
            raise TypeError
        return value

    return read


def _read_integer(value: Any, _type: Any) -> int:
    if type(value) is not int or value not in _INT64:
        raise ValueError
    return value


def _read_float(value: Any, _type: Any) -> float:
    if type(value) not in (int, float) or not math.isfinite(value):
        raise ValueError
    return float(value)


def _read_decimal(value: Any, _type: Any) -> Decimal:
    number = Decimal(str(_exactly(int, float, str)(value, _type)))
    if not number.is_finite():
        raise ValueError
    return number


def _read_text(value: Any, _type: Any) -> str:
    text = _exactly(str)(value, _type)
    text.encode()  # Lone surrogates are no text that a database can keep, and neither is NUL.
    if "\0" in text:
        raise ValueError
    return text


def _read_enum(value: Any, enum: types.Enum) -> str:
    if value not in enum.enums:
        raise ValueError
    return value


def _read_datetime(value: Any, kind: types.DateTime) -> datetime:
    moment = datetime.fromisoformat(value)
    if kind.timezone:
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


def _read_array(value: Any, array: types.ARRAY[Any]) -> list[Any]:
    items = _exactly(list)(value, array)
    reader = next((read for kind, _, read in _READERS if isinstance(array.item_type, kind)), None)
    return items if reader is None else [None if item is None else reader(item, array.item_type) for item in items]


# The first kind that fits decides, so what is derived from another comes before it.
_READERS: tuple[tuple[type[types.TypeEngine[Any]], str, Callable[[Any, Any], Any]], ...] = (
    (types.Boolean, "true or false", _exactly(bool)),
    (types.Integer, "an integer of at most 64 bits", _read_integer),
    (types.Float, "a number", _read_float),
    (types.Numeric, "a number, or one written as text", _read_decimal),
    (types.Enum, "one of the texts that the schema tool lists for it", _read_enum),
    (types.String, "a text without NUL characters", _read_text),
    (types.DateTime, "a date and time as ISO 8601 text", _read_datetime),
    (types.Date, "a date as ISO 8601 text", lambda value, _: date.fromisoformat(value)),
    (types.Time, "a time as ISO 8601 text", lambda value, _: time.fromisoformat(value)),
    (types.Uuid, "a UUID as text", lambda value, _: uuid.UUID(value)),
    (types.LargeBinary, "bytes as URL-safe base64 text", lambda value, _: base64.urlsafe_b64decode(value)),
    (types.JSON, "any JSON value", lambda value, _: value),
    (types.ARRAY, "a list of values of its type", _read_array),
)
