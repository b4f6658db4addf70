"""What a request is asked to be before an express door looks at it more closely."""

from typing import Any

import pytest

from gateway.doors.requests import has_long_number, is_call


@pytest.mark.parametrize(
    ("kind", "params", "expected"),
    [
        ("tool", {"name": "raw_echo", "arguments": {"n": 1}, "_meta": {}}, True),
        ("tool", {"name": "raw_echo", "arguments": None}, True),
        ("tool", {"name": "raw_echo", "arguments": []}, False),
        ("tool", {"name": "raw_echo", "task": {}}, False),
        ("tool", {"name": "raw_echo", "inputResponses": {}}, False),
        ("resource", {"uri": "text://raw/notes", "arguments": {}}, False),
        ("prompt", {"name": "raw_greet", "arguments": {"name": "Ada"}}, True),
        ("prompt", {"name": "raw_greet", "arguments": {"name": 5}}, False),
    ],
)
def test_a_call_holds_what_the_schema_gives_it_and_nothing_more(kind: Any, params: Any, expected: bool) -> None:
    assert is_call(kind, params) is expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"n": 9007199254740993}', False),
        (b'{"n": 18446744073709551616}', True),
        (b'{"a": 123456789, "b": 123456789, "c": 123456789}', False),
    ],
)
def test_a_number_is_long_by_its_own_digits(body: bytes, expected: bool) -> None:
    assert has_long_number(body) is expected
