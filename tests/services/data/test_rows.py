"""What a query's rows look like, and where they end."""

import json
from dataclasses import replace
from typing import Any

import pytest
from duckdb import DuckDBPyConnection

from services.data.job import Limits
from services.data.rows import answer
from services.workers.job import Refused, encode


@pytest.mark.parametrize(
    ("sql", "value"),
    [
        ("NULL", None),
        ("true", True),
        ("9007199254740992", 9007199254740992),
        ("9007199254740993", "9007199254740993"),
        ("170141183460469231731687303715884105727::HUGEINT", "170141183460469231731687303715884105727"),
        ("1.10::DECIMAL(9,2)", 1.1),
        ("12345678901234567890.12::DECIMAL(38,2)", "12345678901234567890.12"),
        ("0.1::DOUBLE", 0.1),
        ("'nan'::DOUBLE", "nan"),
        ("'-infinity'::DOUBLE", "-inf"),
        ("DATE '2025-03-01'", "2025-03-01"),
        ("DATE 'infinity'", "infinity"),
        ("TIMESTAMP '2025-03-01 10:20:30.5'", "2025-03-01 10:20:30.5"),
        ("TIMESTAMP_NS '2025-03-01 10:20:30.123456789'", "2025-03-01 10:20:30.123456789"),
        ("TIMESTAMPTZ '2025-03-01 10:20:30Z' AT TIME ZONE 'UTC'", "2025-03-01 10:20:30"),
        ("INTERVAL '1 month 2 days'", "1 month 2 days"),
        ("'6b2f4b0e-5d7e-4a0c-9c53-0d5fd2a3a111'::UUID", "6b2f4b0e-5d7e-4a0c-9c53-0d5fd2a3a111"),
        ("'\\x00\\xFF'::BLOB", "AP8="),
        ("[1, NULL]", [1, None]),
        ("{'a': DATE '2025-03-01', 'b': [1.10], 'c': 'nan'::DOUBLE}", {"a": "2025-03-01", "b": [1.1], "c": "NaN"}),
        ("[12345678901234567890.12]", ["12345678901234567890.12"]),
        ("MAP {1: 'x'}", {"1": "x"}),
        ("""'{"a": [9007199254740993]}'::JSON""", {"a": ["9007199254740993"]}),
        ("NULL::JSON", None),
    ],
)
def test_every_value_is_plain_json(sealed: DuckDBPyConnection, limits: Limits, sql: str, value: Any) -> None:
    rows = answer(sealed, f"SELECT {sql}", limits).rows
    assert rows == [[value]]
    assert json.loads(json.dumps(rows, allow_nan=False)) == rows


def test_a_time_zone_needs_no_further_library(sealed: DuckDBPyConnection, limits: Limits) -> None:
    assert answer(sealed, "SELECT now()", limits).columns[0]["type"] == "TIMESTAMP WITH TIME ZONE"


def test_equal_column_names_are_told_apart(sealed: DuckDBPyConnection, limits: Limits) -> None:
    assert answer(sealed, "SELECT 1 AS a, 2 AS a -- and no more;", limits).first_page == {
        "columns": [{"name": "a", "type": "INTEGER"}, {"name": "a_1", "type": "INTEGER"}],
        "rows": [[1, 2]],
        "row_count": 1,
        "truncated": False,
        "kept_rows": 0,
        "complete": True,
    }


def test_order_is_kept(sealed: DuckDBPyConnection, limits: Limits) -> None:
    rows = answer(sealed, "SELECT name FROM fruit ORDER BY picked DESC", limits).rows
    assert rows == [["plum"], ["pear"], ["apple"]]


@pytest.mark.parametrize(("asked", "given", "truncated"), [(99, 99, False), (100, 100, False), (101, 100, True)])
def test_rows_are_bounded(sealed: DuckDBPyConnection, limits: Limits, asked: int, given: int, truncated: bool) -> None:
    found = answer(sealed, f"FROM range({asked})", limits)
    assert (len(found.rows), found.first_page["row_count"], found.first_page["truncated"]) == (given, given, truncated)


def test_an_endless_table_answers_at_once(sealed: DuckDBPyConnection, limits: Limits) -> None:
    assert answer(sealed, "FROM range(1000000000000)", limits).first_page["truncated"]


def test_bytes_are_bounded(sealed: DuckDBPyConnection, limits: Limits) -> None:
    found = answer(sealed, "SELECT repeat('é', 10000) FROM range(50)", limits)
    assert found.first_page["truncated"]
    assert 0 < len(encode(found.first_page)) <= limits.max_bytes + 100


def test_a_single_value_over_the_bound_leaves_no_row(sealed: DuckDBPyConnection, limits: Limits) -> None:
    found = answer(sealed, "SELECT repeat('x', 1000000)", limits)
    assert (found.rows, found.first_page["truncated"]) == ([], True)


def test_columns_over_the_bound_are_refused(sealed: DuckDBPyConnection, limits: Limits) -> None:
    with pytest.raises(Refused, match="too many columns"):
        answer(sealed, "FROM fruit", replace(limits, max_bytes=50))


def test_rows_over_the_bound_are_kept_with_those_before_them(sealed: DuckDBPyConnection, limits: Limits) -> None:
    found = answer(sealed, "FROM range(250)", limits)
    assert [json.loads(row) for row in found.kept] == [[number] for number in range(250)]
    assert found.complete
    assert len(found.rows) == 100


@pytest.mark.parametrize(
    ("keep", "sql", "kept"),
    [
        ({"keep_rows": 120}, "FROM range(250)", 120),
        ({"keep_bytes": 1_000}, "SELECT 'abcd' FROM range(250)", 125),
        ({"keep_rows": 0}, "FROM range(250)", 0),
        ({"max_bytes": 1_000, "keep_rows": 9}, "SELECT repeat('x', 1000 * (i = 3)::INT) FROM range(9) t(i)", 0),
    ],
)
def test_what_is_kept_is_bounded_and_said_to_be_a_part(
    sealed: DuckDBPyConnection, limits: Limits, keep: dict[str, int], sql: str, kept: int
) -> None:
    found = answer(sealed, sql, replace(limits, **keep))
    assert (len(found.kept), found.complete, found.first_page["truncated"]) == (kept, False, True)
