"""The text operations."""

import time
from typing import Any

import pytest

from services.data.text import MAX_RESULT, NAMES, OPERATIONS, apply
from services.workers.job import Refused


@pytest.mark.parametrize(
    ("operation", "text", "result"),
    [
        ("uppercase", "straße", "STRASSE"),
        ("lowercase", "ÀB", "àb"),
        ("title_case", "it's a NEW day, jean-luc", "It's A New Day, Jean-Luc"),
        ("trim", "  a \n\tb  c\t\n\n", "a\nb  c"),
        ("slug", "  Crème Brûlée: 50% off! ", "creme-brulee-50-off"),
        ("slug", "Straße & Москва", "strasse-москва"),
        ("slug", "!!!", ""),
        ("slug", "e\N{COMBINING ACUTE ACCENT}té ǖ \N{HANGUL SYLLABLE HAN}", "ete-u-\u1112\u1161\u11ab"),
        ("reverse", "abc", "cba"),
        ("sort_lines", "pear\nApple\nfig", "Apple\nfig\npear"),
        ("unique_lines", "b\na\nb\na", "b\na"),
        ("length", "naïve", 5),
        ("word_count", "  two\nwords ", 2),
        ("word_count", "", 0),
        ("line_count", "a\nb\n", 2),
        ("sha256", "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        ("md5", "abc", "900150983cd24fb0d6963f7d28e17f72"),
        ("base64_encode", "é", "w6k="),
        ("base64_decode", " w6\nk=", "é"),
        ("url_encode", "a b/é", "a%20b%2F%C3%A9"),
        ("url_decode", "a%20b%2F%C3%A9", "a b/é"),
        ("json_format", '{"a":[1,{}]}', '{\n  "a": [\n    1,\n    {}\n  ]\n}'),
        ("json_minify", '{ "a" : [ 1 ] }', '{"a":[1]}'),
    ],
)
def test_an_operation_gives_its_result(operation: str, text: str, result: str | int) -> None:
    assert apply(operation, text) == result


def test_find_and_replace_takes_text_as_it_is() -> None:
    assert apply("replace", "1.5 + 1x5", find="1.5", replace=r"\1") == r"\1 + 1x5"
    assert apply("replace", "aaa", find="a") == ""


def test_reversal_goes_by_code_point() -> None:
    accent = "e\N{COMBINING ACUTE ACCENT}"
    assert apply("reverse", "a" + accent) == "\N{COMBINING ACUTE ACCENT}ea"


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"operation": "explode", "text": ""}, "Use one of: uppercase, lowercase, title_case"),
        ({"operation": "replace", "text": "a", "replace": "b"}, "nothing to find"),
        ({"operation": "replace", "text": "a" * 2_000, "find": "a", "replace": "b" * 1_000}, "longer than"),
        ({"operation": "base64_decode", "text": "a"}, "not base64"),
        ({"operation": "base64_decode", "text": "ab€="}, "not base64"),
        ({"operation": "base64_decode", "text": "/w=="}, "no text in UTF-8"),
        ({"operation": "json_format", "text": "{"}, "not JSON"),
        ({"operation": "json_format", "text": f"{'[' * 190}{','.join('1' * 3_000)}{']' * 190}"}, "longer than"),
    ],
)
def test_what_can_not_be_done_is_refused_with_the_reason(arguments: dict[str, Any], reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        apply(**arguments)


MARKS = "a" + "\N{COMBINING ACUTE ACCENT}" * 30_000 + "\N{COMBINING DOT BELOW}" * 30_000


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_operation_takes_any_text_in_little_time(operation: str) -> None:
    for text in ("", "\x00\ufffe", "%", '["' * 30_000, "a " * 50_000, "\n" * 100_000, "İ" * 10_000, MARKS):
        began = time.process_time()
        try:
            result = apply(operation, text)
        except Refused:
            continue
        assert isinstance(result, int) or len(result) <= MAX_RESULT
        assert time.process_time() - began < 2  # seen: 0.1 at the most


def test_names_are_all_operations() -> None:
    assert {*NAMES} == {*OPERATIONS, "replace"}
