"""YAML and JSON as plain values, bounded, and read as people mean them."""

from pathlib import Path
from typing import Any

import pytest

from gateway.client import document
from gateway.client.document import read, read_file
from gateway.errors import InvalidRequest


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (
            "a: 1\nb: -2.5\nc: 1e3\nd: true\ne: null\nf:",
            {"a": 1, "b": -2.5, "c": 1000.0, "d": True, "e": None, "f": None},
        ),
        (
            "on: no\nday: 2026-01-02\nport: 0123\nhex: 0x1F",
            {"on": "no", "day": "2026-01-02", "port": "0123", "hex": "0x1F"},
        ),
        ('- "1"\n- |\n  two\n  lines\n- [a, {b: c}]', ["1", "two\nlines\n", ["a", {"b": "c"}]]),
        ("", None),
    ],
)
def test_yaml_has_what_json_has(text: str, value: Any):
    assert read(text.encode(), "x.yaml", as_yaml=True) == value


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: [1\nb: 2", "x: line 2: "),
        ("a: &a [1]\nb: *a", "line 1: is not the YAML meant here: anchors"),
        ("b: *a", "anchors"),
        ("a: !!python/object:os.system CANARY", "tags"),
        ("a: 1\na: 2", "line 2: is not the YAML meant here: key 'a' stands twice"),
        ("? [a]\n: 1", "a key is no text"),
        ("a: 1\n---\nb: 2", "line 2"),
        ("a: \x07", "not well-formed"),
        ("[" * 10_000, "nested too deeply"),
    ],
)
def test_bad_yaml_is_told_with_its_line(text: str, words: str):
    with pytest.raises(InvalidRequest, match=words.replace("[", r"\[")) as caught:
        read(text.encode(), "x", as_yaml=True)
    assert len(caught.value.message.splitlines()) == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{\n"a": ', "line 2: is not JSON"),
        ('{"a": 1, "a": 2}', "key 'a' stands twice"),
        ("[NaN]", "NaN is no number"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_bad_json_is_told(text: str, words: str):
    with pytest.raises(InvalidRequest, match=words):
        read(text.encode(), "x", as_yaml=False)


def test_what_is_no_text_is_told():
    with pytest.raises(InvalidRequest, match="not UTF-8"):
        read(b"\xff", "x", as_yaml=False)


def test_a_file_is_read_by_the_end_of_its_name(tmp_path: Path):
    for name, text in (("a.yaml", "a: 1"), ("a.YML", "a: 1"), ("a.json", '{"a": 1}')):
        (tmp_path / name).write_text(text)
        assert read_file(tmp_path / name) == {"a": 1}


def test_a_file_that_is_not_there_or_too_large_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(InvalidRequest, match="no such file"):
        read_file(tmp_path / "a.json")
    monkeypatch.setattr(document, "MOST_YAML_BYTES", 1024)
    (tmp_path / "a.yaml").write_text("a" * 1025)
    with pytest.raises(InvalidRequest, match="more than 1 KiB"):
        read_file(tmp_path / "a.yaml")
