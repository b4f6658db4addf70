"""Figures about each column of one data set."""

import re
from dataclasses import replace
from typing import Any

from duckdb import DuckDBPyConnection

from services.data.job import Limits
from services.data.rows import NUMBERS, answer
from services.data.sandbox import identifier

MAX_COLUMNS = 200
SAMPLE_ROWS = 5
TEXT_LENGTH = 200
WIDTH = re.compile(r"\(\d+,\d+\)$")  # of a DECIMAL

COUNTS = {"nulls": "count(*) - count({0})", "distinct": "approx_count_distinct({0})"}
OF_NUMBERS = COUNTS | {
    "min": "min({0})",
    "max": "max({0})",
    "mean": "avg({0}::DOUBLE)",
    "q25": "approx_quantile({0}::DOUBLE, 0.25)",
    "q50": "approx_quantile({0}::DOUBLE, 0.5)",
    "q75": "approx_quantile({0}::DOUBLE, 0.75)",
}
OF_OTHERS = COUNTS | {
    "min": f"left(min({{0}})::VARCHAR, {TEXT_LENGTH})",
    "max": f"left(max({{0}})::VARCHAR, {TEXT_LENGTH})",
}


def profile(connection: DuckDBPyConnection, table: str, limits: Limits) -> dict[str, Any]:
    """Rows, columns and a sample of `table`, a view on a sealed connection. Raises duckdb.Error.

    Distinct counts and quantiles are estimates. `truncated` when there are more than MAX_COLUMNS columns.
    """
    sample = answer(
        connection,
        f"FROM {identifier(table)}",
        replace(limits, max_rows=SAMPLE_ROWS, max_bytes=limits.max_bytes // 2, keep_rows=0),
    )
    columns = sample.columns[:MAX_COLUMNS]
    rows, figures = _measure(connection, table, columns, limits)
    return {
        "dataset": table,
        "rows": rows,
        "columns": [_describe(column, found, rows) for column, found in zip(columns, figures, strict=True)],
        "sample": sample.rows,
        "truncated": len(columns) < len(sample.columns),
    }


def _measure(
    connection: DuckDBPyConnection, table: str, columns: list[dict[str, Any]], limits: Limits
) -> tuple[int, list[dict[str, Any]]]:
    asked = [(number, figure, sql) for number, column in enumerate(columns) for figure, sql in _figures(column).items()]
    selected = [
        f"{sql.format(identifier(columns[number]['name']))} AS {figure}{number}" for number, figure, sql in asked
    ]
    # No byte limit of its own: MAX_COLUMNS times two texts of TEXT_LENGTH is bound enough.
    one_row = replace(limits, max_rows=1, max_bytes=2**31, keep_rows=0)
    rows, *values = answer(
        connection, f"SELECT {', '.join(['count(*)', *selected])} FROM {identifier(table)}", one_row
    ).rows[0]
    found: list[dict[str, Any]] = [{} for _ in columns]
    for (number, figure, _), value in zip(asked, values, strict=True):
        found[number][figure] = value
    return rows, found


def _figures(column: dict[str, Any]) -> dict[str, str]:
    base_type = WIDTH.sub("", column["type"]).lower()
    return OF_NUMBERS if base_type in NUMBERS else OF_OTHERS


def _describe(column: dict[str, Any], found: dict[str, Any], rows: int) -> dict[str, Any]:
    quantiles = {name: _finite(found[name]) for name in ("q25", "q50", "q75") if name in found}
    return {
        **column,
        "nulls": found["nulls"],
        # The estimate may be over what is possible.
        "distinct": min(found["distinct"], rows - found["nulls"]),
        "min": found["min"],
        "max": found["max"],
        "mean": _finite(found.get("mean")),
        "quantiles": quantiles or None,
    }


def _finite(value: Any) -> float | None:
    """A mean over `nan` or `inf` arrives as text, and says nothing."""
    return None if isinstance(value, str) else value
