"""Rows as JSON, as many as fit."""

from typing import Any

import pytest
from fastmcp.exceptions import ToolError
from pydantic_core import to_json

from services.database.rows import fitting

ROWS: Any = [(number, "x" * 90) for number in range(1_000)]


@pytest.mark.parametrize("room", [10**6, 120, 11_000, 40_000])
def test_as_many_as_fit_and_not_one_less(room):
    rows = fitting(["a", "b"], ROWS, room, "columns")
    assert [row["a"] for row in rows] == list(range(len(rows)))
    size = len(to_json(rows))
    assert size <= room
    assert len(rows) == 1_000 or size + 120 > room


def test_columns_past_the_names_are_left_out():
    assert fitting(["a"], ROWS[:1], 100, "columns") == [{"a": 0}]


def test_no_rows_fit_anywhere_and_a_row_too_large_is_an_error():
    assert fitting(["a"], [], 1, "columns") == []
    with pytest.raises(ToolError, match="larger than the 50 bytes"):
        fitting(["a", "b"], ROWS, 50, "columns")
