"""What a verb prints and how it ends."""

import json

import pytest

from gateway import errors
from gateway.cli.output import Exit, exit_code, print_error, print_json, print_json_line, print_table


def test_every_error_has_an_exit_status():
    kinds = [
        each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, errors.UpstreamError)
    ]
    assert {exit_code(kind("docs", "failed")) for kind in kinds} == {Exit.UPSTREAM_DOWN}
    assert exit_code(errors.Forbidden("no")) is Exit.NOT_ALLOWED
    assert exit_code(errors.UpstreamAnswered(-32000, "no")) is Exit.FAILED
    assert exit_code(errors.UpstreamAnswered(errors.UpstreamDown.code, "no")) is Exit.UPSTREAM_DOWN
    assert exit_code(errors.UpstreamAnswered(errors.Forbidden.code, "no")) is Exit.NOT_ALLOWED


def test_json_is_one_document(capsys: pytest.CaptureFixture[str]):
    print_json({"name": "漢字"})
    assert json.loads(capsys.readouterr().out) == {"name": "漢字"}


def test_json_lines_are_a_line_each(capsys: pytest.CaptureFixture[str]):
    print_json_line({"a": "b\nc"})
    print_json_line({"a": 1})
    assert capsys.readouterr().out == '{"a": "b\\nc"}\n{"a": 1}\n'


def test_a_table_is_plain_columns_away_from_a_terminal(capsys: pytest.CaptureFixture[str]):
    print_table(("name", "state"), [("a", "on"), ("long-name", "[off]")])
    assert capsys.readouterr().out == "name       state\na          on\nlong-name  [off]\n"


def test_a_table_without_rows_is_its_headings(capsys: pytest.CaptureFixture[str]):
    print_table(("name", "state"), [])
    assert capsys.readouterr().out == "name  state\n"


def test_a_table_on_a_terminal_takes_brackets_as_they_are(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    print_table(("name",), [("[red]a",)])
    assert "[red]a" in capsys.readouterr().out


def test_an_error_comes_with_its_cure(capsys: pytest.CaptureFixture[str]):
    print_error("the file is not there", "make it")
    assert capsys.readouterr().err == "error: the file is not there\n    make it\n"
