"""Parsing TOML, with the line in every complaint."""

import pytest

from gateway.config.toml import parse
from gateway.errors import ConfigurationError


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a = 1\nb = ", "line 2, the last: Invalid value"),
        ("a = 1\na = 2\n", "line 2, column 6: Cannot overwrite a value"),
        ("a = " + "[" * 10_000, "it is nested too deeply"),
    ],
)
def test_a_complaint_names_file_and_line(text: str, problem: str):
    with pytest.raises(ConfigurationError) as refused:
        parse(text, "my.toml")
    [fault] = refused.value.faults
    assert (fault.file, fault.problem) == ("my.toml", f"is not TOML: {problem}")


def test_it_gives_plain_values():
    assert parse('a.b = ["c"]', "my.toml") == {"a": {"b": ["c"]}}
