"""JSON laid out anew."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.data.json_text import formatted, minified
from services.workers.job import Refused

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(VALUES)
def test_it_reads_as_python_writes_it(value: object) -> None:
    assert formatted(json.dumps(value)) == json.dumps(value, indent=2)
    assert minified(json.dumps(value, indent=3)) == json.dumps(value, separators=(",", ":"))


@pytest.mark.parametrize("text", ['{"a":1,"a":2}', "1.10", "9" * 5_000, "1e999", '"\\u00e9\\/"'])
def test_nothing_is_lost(text: str) -> None:
    assert minified(f" {text}\n") == text


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not JSON from line 1, column 1 on"),
        ('{"a": 1,\n "b" 2}', "not JSON from line 2, column 6 on"),
        ("[1, NaN]", "which has no NaN"),
        ("[" * 50_000, "nested too deeply"),
        ("[" * 300 + "]" * 300, "more than 200 deep"),
    ],
)
def test_what_is_not_json_is_refused_with_its_place(text: str, reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        formatted(text)
