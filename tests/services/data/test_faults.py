"""How DuckDB's errors read."""

import duckdb
import pytest
from duckdb import DuckDBPyConnection

from services.data.faults import BROKEN, OUT_OF_MEMORY, explain
from services.data.job import Limits
from services.data.rows import CREATE_VIEW, answer


def fault(connection: DuckDBPyConnection, limits: Limits, sql: str) -> str:
    with pytest.raises(duckdb.Error) as caught:
        answer(connection, sql, limits)
    return explain(caught.value, len(CREATE_VIEW))


@pytest.mark.parametrize(
    ("sql", "text"),
    [
        (
            "SELECT pryce FROM fruit",
            "The query failed near character 8: Referenced column … not found in FROM clause. "
            "Candidates: price,picked.",
        ),
        (
            "SELECT summ(price) FROM fruit",
            "The query failed near character 8: Scalar Function with name … does not exist. Candidates: sum.",
        ),
        (
            "SELECT 'canary'::INTEGER",
            "The query failed: Could not convert string … to INT32. "
            "Correct the query; the tool profile shows columns and their types.",
        ),
    ],
)
def test_an_error_says_what_where_and_the_cure(sealed: DuckDBPyConnection, limits: Limits, sql: str, text: str) -> None:
    assert fault(sealed, limits, sql) == text


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT canary",
        "SELECT canary(1)",
        "SELECT 'it''s a canary'::DATE",
        "SELECT 1::canary",
        "SELECT name::INTEGER, 'canary' FROM fruit",
        "SELECT DATE 'canary'",
        "SELECT 'x' COLLATE canary",
        "SELECT strptime('canary', '%Y')",
    ],
)
def test_an_error_never_repeats_what_was_sent(sealed: DuckDBPyConnection, limits: Limits, sql: str) -> None:
    text = fault(sealed, limits, sql)
    assert "canary" not in text
    assert "apple" not in text


def test_too_little_memory_is_said_so() -> None:
    assert explain(MemoryError(), 0) == OUT_OF_MEMORY
    assert explain(duckdb.OutOfMemoryException("failed to allocate"), 0) == OUT_OF_MEMORY


@pytest.mark.parametrize("error", [duckdb.InternalException('{"exception_message": "boom"}'), duckdb.Error("no JSON")])
def test_what_says_nothing_useful_is_not_passed_on(error: duckdb.Error) -> None:
    assert explain(error, 0) == BROKEN
