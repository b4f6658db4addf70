"""A worker process by itself: lines in, lines out."""

from pathlib import Path

import pytest

from services.data.job import Limits
from tests.services.data.working import work


def test_jobs_are_answered_in_turn_until_input_ends(limits: Limits) -> None:
    answers, status = work(
        limits,
        {"verb": "query", "sql": "SELECT max(price) AS dearest FROM fruit"},
        {"verb": "query", "sql": "FROM nowhere"},
        {"verb": "profile", "dataset": "fruit"},
    )
    assert answers[0]["result"]["rows"] == [[3.0]]
    assert answers[1] == {
        "error": "The SQL reads from a table that is not a data set. Available data sets: fruit.",
        "block": b"",
    }
    assert answers[2]["result"]["rows"] == 3
    assert status == 0


@pytest.mark.parametrize("name", ["fruit", "FRUIT", '"fruit.csv"', "'fruit.csv'"])
def test_a_data_set_goes_by_name_and_by_path(limits: Limits, name: str) -> None:
    answers, _ = work(limits, {"verb": "query", "sql": f"SELECT count(*) FROM {name}"})
    assert answers[0]["result"]["rows"] == [[3]]


def test_rows_that_are_kept_follow_as_a_block(limits: Limits) -> None:
    answers, _ = work(limits, {"verb": "query", "sql": "FROM range(101)"}, {"verb": "query", "sql": "SELECT 1"})
    assert answers[0]["block"].splitlines() == [f"[{number}]".encode() for number in range(101)]
    assert answers[0]["result"]["kept_rows"] == 101
    assert answers[1]["block"] == b""


def test_rows_passed_in_are_joined_with_a_data_set_and_hide_one_of_their_name(limits: Limits, root: Path) -> None:
    (root / "rows.csv").write_text("never\n1\n")
    rows = [{"name": "plum", "stock": 4}, {"name": "pear", "stock": 0}]
    sql = "SELECT price, stock FROM fruit JOIN Rows USING (name) ORDER BY stock DESC LIMIT 1"
    answers, _ = work(limits, {"verb": "query", "sql": sql, "rows": rows})
    assert answers[0]["result"]["rows"] == [[3.0, 4]]


def test_an_excel_file_is_answered_with_the_cure(limits: Limits, root: Path) -> None:
    (root / "book.xlsx").write_bytes(b"PK")
    answers, _ = work(limits, {"verb": "query", "sql": "FROM 'book.xlsx'"}, {"verb": "profile", "dataset": "book.xlsx"})
    for answer in answers:
        assert "Excel files can't be read here. Have the sheet saved as CSV or Parquet" in answer["error"]
