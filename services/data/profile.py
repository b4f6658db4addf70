"""Figures about each column of one data set."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from duckdb import DuckDBPyConnection

from services.data.job import Limits
from services.data.oddities import Look, oddities
from services.data.quoting import identifier
from services.data.rows import NUMBERS, answer

MAX_COLUMNS = 200
SAMPLE_ROWS = 5
TEXT_LENGTH = 200
WIDTH = re.compile(r"\(\d+,\d+\)$")  # of a DECIMAL

# Casting every text of a large file would take longer than all else.
LOOK_ROWS = 1_000
DATE_FORMATS = "['%d/%m/%Y', '%m/%d/%Y', '%d.%m.%Y', '%d-%m-%Y', '%Y/%m/%d', '%d %b %Y', '%b %d, %Y']"
LOOKS = (
    "count({0})",
    "count(TRY_CAST({0} AS DOUBLE))",
    f"count(coalesce(TRY_CAST({{0}} AS TIMESTAMP), try_strptime({{0}}, {DATE_FORMATS})))",
)

# Repeated rows are found by a hash of each, 16 bytes and more a row.
MAX_ROWS_COMPARED = 1_000_000

COUNTS = {"nulls": "count(*) - count({0})", "distinct": "approx_count_distinct({0})"}
OF_NUMBERS = COUNTS | {
    "min": "min({0})",
    "max": "max({0})",
    "mean": "avg({0}::DOUBLE)",
    "quantiles": "approx_quantile({0}::DOUBLE, [0.25, 0.5, 0.75])",
}
OF_OTHERS = COUNTS | {
    "min": f"left(min({{0}})::VARCHAR, {TEXT_LENGTH})",
    "max": f"left(max({{0}})::VARCHAR, {TEXT_LENGTH})",
}


def profile(connection: DuckDBPyConnection, table: str, limits: Limits) -> dict[str, Any]:
    """Rows, columns, a sample and oddities of `table`, a view on a sealed connection. Raises duckdb.Error.

    Distinct counts and quantiles are estimates. `truncated` when there are more than MAX_COLUMNS columns. `repeated`
    is None for more than MAX_ROWS_COMPARED rows.
    """
    sample = answer(
        connection,
        f"FROM {identifier(table)}",
        replace(limits, max_rows=SAMPLE_ROWS, max_bytes=limits.max_bytes // 2, keep_rows=0),
    )
    columns = sample.columns[:MAX_COLUMNS]
    rows, figures = _measure(connection, table, columns, limits)
    described = [_describe(column, found, rows) for column, found in zip(columns, figures, strict=True)]
    repeated = _repeated(connection, table, columns, limits) if rows <= MAX_ROWS_COMPARED else None
    return {
        "dataset": table,
        "rows": rows,
        "columns": described,
        "sample": sample.rows,
        "repeated": repeated,
        "warnings": oddities(described, rows, _looks(connection, table, columns, limits), repeated or 0),
        "truncated": len(columns) < len(sample.columns),
    }


def _measure(
    connection: DuckDBPyConnection, table: str, columns: Sequence[dict[str, Any]], limits: Limits
) -> tuple[int, list[dict[str, Any]]]:
    asked = [(number, figure, sql) for number, column in enumerate(columns) for figure, sql in _figures(column).items()]
    selected = [f"{sql.format(identifier(columns[number]['name']))}" for number, _, sql in asked]
    rows, *values = _one_row(connection, ["count(*)", *selected], identifier(table), limits)
    found: list[dict[str, Any]] = [{} for _ in columns]
    for (number, figure, _), value in zip(asked, values, strict=True):
        found[number][figure] = value
    return rows, found


def _repeated(connection: DuckDBPyConnection, table: str, columns: Sequence[dict[str, Any]], limits: Limits) -> int:
    names = ", ".join(identifier(column["name"]) for column in columns)
    return _one_row(connection, [f"count(*) - count(DISTINCT hash({names}))"], identifier(table), limits)[0]


def _looks(
    connection: DuckDBPyConnection, table: str, columns: Sequence[dict[str, Any]], limits: Limits
) -> dict[str, Look]:
    names = [column["name"] for column in columns if column["type"] == "VARCHAR"]
    selected = [sql.format(identifier(name)) for name in names for sql in LOOKS]
    counts = iter(_one_row(connection, selected, f"(FROM {identifier(table)} LIMIT {LOOK_ROWS})", limits))
    return {name: Look(next(counts), next(counts), next(counts)) for name in names}


def _one_row(connection: DuckDBPyConnection, selected: Sequence[str], source: str, limits: Limits) -> list[Any]:
    if not selected:
        return []
    # No byte limit of its own: MAX_COLUMNS times two texts of TEXT_LENGTH is bound enough.
    bounds = replace(limits, max_rows=1, max_bytes=2**31, keep_rows=0)
    named = ", ".join(f"{sql} AS c{number}" for number, sql in enumerate(selected))
    return answer(connection, f"SELECT {named} FROM {source}", bounds).rows[0]


def _figures(column: dict[str, Any]) -> dict[str, str]:
    base_type = WIDTH.sub("", column["type"]).lower()
    return OF_NUMBERS if base_type in NUMBERS else OF_OTHERS


def _describe(column: dict[str, Any], found: dict[str, Any], rows: int) -> dict[str, Any]:
    quantiles = None
    if "quantiles" in found:
        values = found["quantiles"] or [None] * 3
        quantiles = {name: _finite(value) for name, value in zip(("q25", "q50", "q75"), values, strict=True)}
    return {
        **column,
        "nulls": found["nulls"],
        # The estimate may be over what is possible.
        "distinct": min(found["distinct"], rows - found["nulls"]),
        "min": found["min"],
        "max": found["max"],
        "mean": _finite(found.get("mean")),
        "quantiles": quantiles,
    }


def _finite(value: Any) -> float | None:
    """A mean over `nan` or `inf` arrives as text, and says nothing."""
    return None if isinstance(value, str) else value
