"""Paths into what is known, and nothing that computes."""

from typing import Any

import pytest

from gateway.client.workflow import references
from gateway.client.workflow.references import BadReference, NotThere, Reference, at, references_in, resolved

KNOWN = {"a": {"rows": [{"id": 7, "a key": "x"}], "n": 1.5}, "b": "text", "c": None}


def look(reference: Reference) -> Any:
    return at(KNOWN[reference.name], reference)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("${steps.a.value.rows[0].id}", 7),
        ('${steps.a.value.rows[0]["a key"]}', "x"),
        ("${ steps.a.value.n }", 1.5),
        ("${steps.a.value}", KNOWN["a"]),
        ("${inputs.b}", "text"),
        ("${inputs.c}", None),
        ("id ${steps.a.value.rows[0].id} of ${inputs.b}", "id 7 of text"),
        ("rows: ${steps.a.value.rows}", 'rows: [{"id": 7, "a key": "x"}]'),
        ("$${inputs.b} and $5", "${inputs.b} and $5"),
        ("no reference", "no reference"),
        ({"x": ["${inputs.b}", 1, None]}, {"x": ["text", 1, None]}),
    ],
)
def test_a_reference_becomes_what_it_leads_to(text: Any, value: Any):
    assert resolved(text, look) == value


@pytest.mark.parametrize(
    "text",
    [
        "${}",
        "${steps}",
        "${steps.a}",
        "${steps.a.other}",
        "${steps.a.text.more}",
        "${steps.a.value.rows[x]}",
        "${steps.a.value.rows[-1]}",
        "${steps.a.value + 1}",
        "${__import__('os')}",
        "${env.HOME}",
        "${steps.a.value",
        "${steps.a.value..x}",
        "a ${ b",
    ],
)
def test_what_is_no_path_is_refused(text: str):
    with pytest.raises(BadReference):
        list(references_in([{"deep": text}]))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("${steps.a.value.nope}", "it has no 'nope'; it has rows, n"),
        ("${steps.a.value.rows[1]}", ".rows has no 1; it has 1 items"),
        ("${steps.a.value.n.x}", ".n has no 'x'; it is no object or list"),
    ],
)
def test_what_is_not_there_is_told_with_what_is(text: str, words: str):
    with pytest.raises(NotThere) as caught:
        resolved(text, look)
    assert words in str(caught.value)


def test_an_attribute_is_no_key():
    with pytest.raises(NotThere):
        resolved("${inputs.b.__class__}", look)


def test_what_is_taken_over_is_bounded(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(references, "MOST_BYTES", 2**20)
    with pytest.raises(NotThere, match="more than 1 MiB"):
        resolved(["${inputs.a}"] * 3, lambda _: "x" * 400_000)
