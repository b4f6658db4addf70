"""The table of text operations."""

import pytest

from services.data.text import OPERATIONS


@pytest.mark.parametrize(
    ("operation", "text", "result"),
    [
        ("uppercase", "straße", "STRASSE"),
        ("lowercase", "ÀB", "àb"),
        ("reverse", "abc", "cba"),
        ("length", "naïve", 5),
        ("word_count", "  two\nwords ", 2),
        ("word_count", "", 0),
    ],
)
def test_an_operation_gives_its_result(operation: str, text: str, result: str | int) -> None:
    assert OPERATIONS[operation](text) == result


def test_reversal_goes_by_code_point() -> None:
    accent = "e\N{COMBINING ACUTE ACCENT}"
    assert OPERATIONS["reverse"]("a" + accent) == "\N{COMBINING ACUTE ACCENT}ea"
