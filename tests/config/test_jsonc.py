"""JSON with comments and trailing commas."""

import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.config.jsonc import loads

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def test_comments_and_trailing_commas_are_passed_over():
    text = """
    // at the start
    {
      "a": [1, 2, /* inside */ 3, ], // after
      "url": "https://example.com//path", /* over
      lines */
      "quoted": "a \\" // b, ]",
    }
    """
    assert loads(text) == {"a": [1, 2, 3], "url": "https://example.com//path", "quoted": 'a " // b, ]'}


@given(VALUES)
@settings(deadline=None, max_examples=60)
def test_plain_json_is_untouched(value: Any):
    assert loads(json.dumps(value)) == value
    assert loads(json.dumps(value, indent=1, ensure_ascii=False)) == value


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('{\n  // note\n  "a" 1\n}', "line 3, column 7: Expecting ':' delimiter"),
        ("", "line 1, column 1: Expecting value"),
        ("[" * 100_000, "is nested too deeply"),
    ],
)
def test_a_complaint_names_the_line(text: str, complaint: str):
    with pytest.raises(ValueError, match=f"^{re.escape(complaint)}$"):
        loads(text)


def test_servers_that_are_commented_out_take_no_time():
    """Each line holds a second start of a comment, and none ends the list."""
    lines = '  // "url": "https://example.com/mcp", // off\n' * 200
    assert loads(f'{{"a": 1,\n{lines} "b": 2}}') == {"a": 1, "b": 2}
    assert loads(f'{{"a": 1,\n{lines}}}') == {"a": 1}
    blocks = "/* a */ /* b */" * 200
    assert loads(f'{{"a": [1, {blocks} 2]}}') == {"a": [1, 2]}
