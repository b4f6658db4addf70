"""Figures of columns."""

import pytest

from tests.services.database.kit import execute


@pytest.mark.parametrize("rows", ["", "(NULL), (NULL)"])
async def test_a_column_without_values_has_none(tools, url, rows):
    await execute(url, "CREATE TABLE bare (x INTEGER)", *([f"INSERT INTO bare VALUES {rows}"] if rows else []))
    found = await tools.read("column://default/bare/x")
    count = rows.count("NULL")
    assert (found["rows"], found["nulls"], found["distinct"]) == (count, count, 0)
    assert (found["least"], found["greatest"]) == (None, None)
