"""The rows of a query as plain JSON values, within bounds."""

import json
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from duckdb import DuckDBPyConnection
from duckdb.sqltypes import DuckDBPyType

from services.data.job import Limits
from services.workers.job import Refused, encode

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


@dataclass(frozen=True)
class Answer:
    """The rows of a query.

    `columns` have `name` and `type`; `rows`, each a list in that order, are as many as the limits let through at once.
    `kept`, when there are more, are these and the further ones, each as JSON; `complete` when none is missing there.
    """

    columns: list[dict[str, Any]]
    rows: list[list[Any]]
    kept: list[bytes]
    complete: bool

    @property
    def first_page(self) -> dict[str, Any]:
        """What the tool `query` returns."""
        return {
            "columns": self.columns,
            "rows": self.rows,
            "row_count": len(self.rows),
            "truncated": bool(self.kept) or not self.complete,
            "kept_rows": len(self.kept),
            "complete": self.complete,
        }


def answer(connection: DuckDBPyConnection, sql: str, limits: Limits) -> Answer:
    """Runs `sql`, one SELECT, on a sealed connection.

    Raises duckdb.Error, and Refused when the columns' names alone are over `limits.max_bytes`.
    """
    connection.execute(CREATE_VIEW + sql)
    description = connection.execute(f"SELECT * FROM {VIEW} LIMIT 0").description
    columns = [{"name": name, "type": str(kind)} for name, kind, *_ in description]
    room = limits.max_bytes - len(encode(columns))
    if room < 0:
        raise Refused("The result has too many columns. Select fewer of them.")
    shapes = [_shape(kind) for _, kind, *_ in description]
    selected = ", ".join(shape.sql.format(number) for number, shape in enumerate(shapes, 1))
    connection.execute(f"SELECT {selected} FROM {VIEW} LIMIT {max(limits.max_rows, limits.keep_rows) + 1}")
    rows, kept, complete = _take(_fetched(connection, shapes), limits, room)
    return Answer(columns, rows, kept if len(kept) > len(rows) else [], complete)


def _fetched(connection: DuckDBPyConnection, shapes: Sequence[Shape]) -> Iterator[list[Any]]:
    while chunk := connection.fetchmany(CHUNK_ROWS):
        for values in chunk:
            yield [shape.decode(value) for shape, value in zip(shapes, values, strict=True)]


def _take(fetched: Iterable[list[Any]], limits: Limits, room: int) -> tuple[list[list[Any]], list[bytes], bool]:
    """The rows that fit in `room` bytes; these and the further ones that may be kept; whether those are all."""
    rows: list[list[Any]] = []
    kept: list[bytes] = []
    size, is_full = 0, False
    for row in fetched:
        line = encode(row)
        size += len(line)
        is_full = is_full or len(rows) == limits.max_rows or size > room
        if is_full and (len(kept) >= limits.keep_rows or size > limits.keep_bytes or len(line) > room):
            return rows, kept, False
        if not is_full:
            rows.append(row)
        kept.append(line)
    return rows, kept, True


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
