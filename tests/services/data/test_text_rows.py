"""Rows from text."""

from typing import Any

import pytest

from services.data.text_rows import rows_of
from services.workers.job import Refused


@pytest.mark.parametrize(
    ("form", "text", "rows"),
    [
        ("csv", "a,b\n1,x\n,y\n", [{"a": 1, "b": "x"}, {"a": None, "b": "y"}]),
        ("csv", 'a;b\n1.5;"x; ""y"""\n', [{"a": 1.5, "b": 'x; "y"'}]),
        ("csv", "zip,on\n00501,true\n90210,FALSE\n", [{"zip": "00501", "on": True}, {"zip": "90210", "on": False}]),
        ("csv", "a\n1\nx\n", [{"a": "1"}, {"a": "x"}]),
        ("csv", "a,b\n", []),
        ("csv", "\ufeffa,b\n1,2\n", [{"a": 1, "b": 2}]),
        ("csv", "id\n1234567890123456789\n1234567890123456788\n", [{"id": f"123456789012345678{n}"} for n in (9, 8)]),
        ("csv", "a,b\nnan,-Infinity\n", [{"a": "nan", "b": "-Infinity"}]),
        ("csv", "a,b\n1e3,0.1234567890123456789\n", [{"a": 1000.0, "b": 0.12345678901234568}]),
        ("json", '[{"a": 1}, {"b": [2]}]', [{"a": 1}, {"b": [2]}]),
        ("json", '{"a": 1}', [{"a": 1}]),
        ("jsonl", '{"a": 1}\n\n{"a": 2}\n', [{"a": 1}, {"a": 2}]),
    ],
)
def test_text_becomes_rows(form: str, text: str, rows: list[dict[str, Any]]) -> None:
    assert rows_of(text, form) == rows


@pytest.mark.parametrize(
    ("form", "text", "reason"),
    [
        ("csv", "a,b\n1,2\n1,2,3\n", "Line 3 of the CSV text does not have as many"),
        ("csv", "a,b,a\n1,2,3\n", "Two columns of the CSV text have one name"),
        ("csv", "a,b\n1\n", "Line 2 of the CSV text does not have as many"),
        ("csv", 'a,b\n1,"x\n', "CSV text is broken"),
        ("json", '[{"a": 1},\n{"a": }]', "not JSON from line 2 on"),
        ("json", "[1]", "Row 1 of the text is no object"),
        ("json", "[" * 100_000, "nested too deeply"),
        ("jsonl", '{"a": 1}\n{"a"', "not JSON from line 2 on"),
        ("jsonl", '{"a": 1}\n3', "Row 2 of the text is no object"),
    ],
)
def test_what_is_broken_is_refused_with_its_place(form: str, text: str, reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        rows_of(text, form)
