"""Rows passed in: their types, and what is refused."""

from datetime import datetime
from typing import Any

import pytest
from duckdb import DuckDBPyConnection

from services.data.inline import column_type, load_rows
from services.workers.job import Refused


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([True, None], "BOOLEAN"),
        ([1, -2], "BIGINT"),
        ([1, 2.5], "DOUBLE"),
        ([2**63], "DOUBLE"),
        (["2025-01-31", None], "DATE"),
        (["2025-01-31T10:00:00", "2025-01-31 10:00"], "TIMESTAMP"),
        (["2025-01-31", "soon"], "VARCHAR"),
        (["20250131"], "VARCHAR"),
        (["2025-01-31 10:00:00.5"], "TIMESTAMP"),
        *(
            ([text], "VARCHAR")
            for text in ("20250131T093000Z", "2025-W01-1", "2025-01-31T10:00:00,5", "2025-01-31x10:00")
        ),
        *(([text], "VARCHAR") for text in ("2025-01-31T10:00+02:00", "2025-01-31T10:00:00Z", "2025-01-31\n")),
        ([1, "x"], "VARCHAR"),
        ([True, 1], "VARCHAR"),
        ([1, [2]], "JSON"),
        ([{"a": 1}], "JSON"),
        ([None], "VARCHAR"),
    ],
)
def test_a_column_has_the_narrowest_type_that_holds_it(values: list[Any], kind: str) -> None:
    assert column_type(values) == kind


def test_rows_become_a_table_with_every_key_as_a_column(fresh: DuckDBPyConnection) -> None:
    load_rows(fresh, [{"a": 1, 'it\'s "b"': "x"}, {"c": [1, {"d": 2}], "a": None}])
    found = fresh.execute("FROM rows")
    assert [(name, str(kind)) for name, kind, *_ in found.description] == [
        ("a", "BIGINT"),
        ('it\'s "b"', "VARCHAR"),
        ("c", "JSON"),
    ]
    assert found.fetchall() == [(1, "x", None), (None, None, '[1,{"d":2}]')]


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([], "no columns"),
        ([{}], "no columns"),
        ([{str(number): 1 for number in range(1_001)}], "more than 1000"),
        ([{"a": 1}, {"A": 2}], "letter case only"),
    ],
)
def test_what_makes_no_table_is_refused(fresh: DuckDBPyConnection, rows: list[dict[str, Any]], reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        load_rows(fresh, rows)


@pytest.mark.parametrize("text", ["2025-01-31", "2025-01-31 10:00", "2025-01-31T10:00:00", "2025-01-31T10:00:00.1234"])
def test_what_is_taken_for_a_time_is_read_as_one(fresh: DuckDBPyConnection, text: str) -> None:
    load_rows(fresh, [{"day": text}])
    ((found,),) = fresh.execute("SELECT day::TIMESTAMP FROM rows").fetchall()
    assert found == datetime.fromisoformat(text)
