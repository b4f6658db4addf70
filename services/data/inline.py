"""Rows that a caller passes in, as a table."""

import json
import re
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any

from duckdb import DuckDBPyConnection

from services.data.job import ROWS
from services.workers.job import Refused

MAX_COLUMNS = 1_000
LARGEST_BIGINT = 2**63 - 1
# Of what ISO 8601 allows, that which DuckDB reads as Python does. It has no place for an offset, and drops others.
DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d(\.\d{1,6})?)?", re.ASCII)


def load_rows(connection: DuckDBPyConnection, rows: Sequence[dict[str, Any]]) -> None:
    """Makes the table ROWS of `rows`, objects as JSON has them. Call it before the connection is sealed.

    A key that a row does not have is NULL there. Raises Refused when there are no columns, or too many of them.
    """
    names = list(dict.fromkeys(name for row in rows for name in row))
    if not names or len(names) > MAX_COLUMNS:
        raise Refused(f"The rows have no columns, or more than {MAX_COLUMNS}. Pass objects, one for each row.")
    if len({name.casefold() for name in names}) < len(names):
        raise Refused("Two columns of the rows differ in letter case only. Name them so that they can be told apart.")
    types = {name: column_type([row.get(name) for row in rows]) for name in names}
    connection.execute(
        f"CREATE TABLE {ROWS} AS SELECT * FROM (SELECT unnest(from_json(?, ?), max_depth := 2))",
        [json.dumps(rows), json.dumps([types])],
    )


def column_type(values: Sequence[Any]) -> str:
    """The DuckDB type that holds all of `values`; None fits every type.

    Text is DATE or TIMESTAMP when all of it is in ISO 8601 without an offset; numbers and text together are VARCHAR,
    and with lists or objects among them JSON.
    """
    present = [value for value in values if value is not None]
    return next((name for name, fits in TYPES.items() if present and all(map(fits, present))), "VARCHAR")


def _is_whole(value: Any) -> bool:
    return type(value) is int and abs(value) <= LARGEST_BIGINT


def _is_date(value: Any) -> bool:
    return _parses(value, DATE, date.fromisoformat)


def _is_timestamp(value: Any) -> bool:
    return _parses(value, TIMESTAMP, datetime.fromisoformat)


def _parses(value: Any, form: re.Pattern[str], parse: Callable[[str], Any]) -> bool:
    if not isinstance(value, str) or not form.fullmatch(value):
        return False
    try:
        parse(value)
    except ValueError:
        return False
    return True


# The first that fits every value.
TYPES: dict[str, Callable[[Any], bool]] = {
    "BOOLEAN": lambda value: isinstance(value, bool),
    "BIGINT": _is_whole,
    "DOUBLE": lambda value: type(value) in (int, float),
    "DATE": _is_date,
    "TIMESTAMP": _is_timestamp,
    "VARCHAR": lambda value: not isinstance(value, dict | list),
    "JSON": lambda value: True,
}
