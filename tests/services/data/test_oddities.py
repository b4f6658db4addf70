"""Warnings about a data set."""

from typing import Any

import pytest

from services.data.oddities import Look, oddities


def column(**more: Any) -> dict[str, Any]:
    return {"name": "a", "nulls": 0, "distinct": 7, "min": 1, "max": 9} | more


@pytest.mark.parametrize(
    ("found", "look", "warning"),
    [
        ({"nulls": 10}, None, 'Column "a" has no values.'),
        ({"nulls": 6}, None, 'Column "a" has no value in 6 of 10 rows.'),
        ({"distinct": 1, "max": 1}, None, 'Column "a" has the same value in every row.'),
        ({}, Look(10, 10, 0), 'Column "a" holds numbers as text. In SQL, use TRY_CAST(… AS DOUBLE).'),
        ({}, Look(10, 9, 0), 'Column "a" mixes numbers with other text: 9 of the first 10 values are numbers.'),
        (
            {},
            Look(10, 0, 10),
            'Column "a" holds dates as text. In SQL, use TRY_CAST(… AS DATE), or try_strptime with their format.',
        ),
        ({}, Look(10, 0, 6), 'Column "a" mixes dates with other text: 6 of the first 10 values are dates.'),
        ({"name": "x" * 100, "nulls": 10}, None, f'Column "{"x" * 59}…" has no values.'),
        ({"name": 'a"\nb', "nulls": 10}, None, 'Column "a\\"\\nb" has no values.'),
    ],
)
def test_each_oddity_is_told(found: dict[str, Any], look: Look | None, warning: str) -> None:
    looks = {"a": look} if look else {}
    assert oddities([column(**found)], 10, looks, 0) == [warning]


def test_rows_that_repeat_are_counted() -> None:
    assert oddities([column()], 10, {}, 3) == ["3 rows repeat another row."]


@pytest.mark.parametrize("found", [{}, {"nulls": 5}, {"distinct": 1}])
def test_what_is_as_usual_is_not_worth_a_word(found: dict[str, Any]) -> None:
    assert oddities([column(**found)], 10, {"a": Look(10, 5, 0)}, 0) == []


def test_an_empty_table_is_no_oddity() -> None:
    assert oddities([column(distinct=0, min=None, max=None)], 0, {"a": Look(0, 0, 0)}, 0) == []
