"""Quoting survives a way through DuckDB."""

import pytest
from duckdb import DuckDBPyConnection

from services.data.quoting import identifier, literal


@pytest.mark.parametrize("text", ["a", "it's", 'a "b"', "'; DROP TABLE x; --", "\\", "é\n"])
def test_any_text_is_a_literal_and_a_name(fresh: DuckDBPyConnection, text: str) -> None:
    found = fresh.execute(f"SELECT {literal(text)} AS {identifier(text)}")
    assert found.description[0][0] == text
    assert found.fetchall() == [(text,)]
