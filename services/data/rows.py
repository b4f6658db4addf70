"""The rows of a query as plain JSON values, within bounds."""

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from duckdb import DuckDBPyConnection
from duckdb.sqltypes import DuckDBPyType

from services.data.job import Limits, Refused

CHUNK_ROWS = 200
LARGEST_EXACT_INTEGER = 2**53  # up to here a double, and so JavaScript's JSON, can tell every whole number apart

# A view, because in one DuckDB refuses what writes, numbers columns whose names are equal, and gives the types before
# anything runs.
VIEW = "temp.main.__answer"
CREATE_VIEW = "CREATE OR REPLACE TEMP VIEW __answer AS\n"


@dataclass(frozen=True)
class Shape:
    """How values of a type leave DuckDB: the SQL around column number {0}, and what to do with what comes out."""

    sql: str
    decode: Callable[[Any], Any]


def answer(connection: DuckDBPyConnection, sql: str, limits: Limits) -> dict[str, Any]:
    """Runs `sql`, one SELECT, on a sealed connection.

    Returns `columns` (`name`, `type`), `rows` (lists in that order), `row_count` and `truncated`. Raises duckdb.Error,
    and Refused when the columns' names alone are over `limits.max_bytes`.
    """
    connection.execute(CREATE_VIEW + sql)
    description = connection.execute(f"SELECT * FROM {VIEW} LIMIT 0").description
    columns = [{"name": name, "type": str(kind)} for name, kind, *_ in description]
    room = limits.max_bytes - len(encode(columns))
    if room < 0:
        raise Refused("The result has too many columns. Select fewer of them.")
    shapes = [_shape(kind) for _, kind, *_ in description]
    selected = ", ".join(shape.sql.format(number) for number, shape in enumerate(shapes, 1))
    connection.execute(f"SELECT {selected} FROM {VIEW} LIMIT {limits.max_rows + 1}")
    rows, truncated = _take(connection, shapes, limits.max_rows, room)
    return {"columns": columns, "rows": rows, "row_count": len(rows), "truncated": truncated}


def encode(value: Any) -> bytes:
    """`value` as JSON without blanks, in UTF-8."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _take(
    connection: DuckDBPyConnection, shapes: Sequence[Shape], max_rows: int, max_bytes: int
) -> tuple[list[list[Any]], bool]:
    rows: list[list[Any]] = []
    while chunk := connection.fetchmany(CHUNK_ROWS):
        for values in chunk:
            row = [shape.decode(value) for shape, value in zip(shapes, values, strict=True)]
            max_bytes -= len(encode(row))
            if len(rows) == max_rows or max_bytes < 0:
                return rows, True
            rows.append(row)
    return rows, False


def _shape(kind: DuckDBPyType) -> Shape:
    if str(kind) == "JSON":  # its id says varchar
        return NESTED
    return SHAPES.get(kind.id, TEXT)


def _plain(value: Any) -> Any:
    """Numbers stay numbers where a double holds them exactly, and are text otherwise."""
    if isinstance(value, Decimal):
        nearest = float(value)
        return nearest if Decimal(repr(nearest)) == value else str(value)
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, int) and abs(value) > LARGEST_EXACT_INTEGER:
        return str(value)
    return value


def _from_json(text: str | None) -> Any:
    if text is None:
        return None
    return json.loads(text, parse_constant=str, parse_int=_whole, parse_float=_fraction)


def _whole(digits: str) -> Any:
    return _plain(int(digits))


def _fraction(digits: str) -> Any:
    return _plain(Decimal(digits))


def _as_is(value: Any) -> Any:
    return value


# What is not listed leaves as DuckDB's text, which loses nothing: `infinity`, nanoseconds, months in an interval, years
# before Christ and time zones have no place in Python's types.
PLAIN = Shape("#{0}", _plain)
NESTED = Shape("to_json(#{0})", _from_json)
TEXT = Shape("#{0}::VARCHAR", _as_is)
BINARY = Shape("to_base64(#{0})", _as_is)

SIGNED = {"tinyint", "smallint", "integer", "bigint", "hugeint"}
UNSIGNED = {"utinyint", "usmallint", "uinteger", "ubigint", "uhugeint"}
NUMBERS = frozenset(SIGNED | UNSIGNED | {"decimal", "double", "float"})
SHAPES = {
    **dict.fromkeys(NUMBERS | {"boolean", "null", "varchar"}, PLAIN),
    **dict.fromkeys(("array", "list", "map", "struct", "tuple", "union", "variant"), NESTED),
    "blob": BINARY,
}
