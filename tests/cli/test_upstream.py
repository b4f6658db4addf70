"""`gateway upstream`: run in this process, for it takes many runs to see that nothing is lost."""

import json
from pathlib import Path

import pytest

from gateway.cli import run

FILE = """\
# Ours.
[upstreams.a]   # first
url = "https://example.com/a"
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("GATEWAY_CONFIG", "NEW_KEY"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def file(folder: Path) -> Path:
    (folder / "gateway.toml").write_text(FILE)
    return folder / "gateway.toml"


def test_add_writes_a_table_at_the_end(file: Path, capfd: pytest.CaptureFixture[str]):
    assert run(["upstream", "add", "b", "--url", "https://example.com/b", "--transport", "sse"]) == 0
    assert file.read_text() == FILE + '\n[upstreams.b]\nurl = "https://example.com/b"\ntransport = "sse"\n'
    assert capfd.readouterr() == ("", "gateway.toml: added upstream b\n")


def test_add_makes_the_file_where_there_is_none(folder: Path):
    assert run(["upstream", "add", "b", "--command", "npx", "-y", "pkg", "--port", "3"]) == 0
    text = (folder / "gateway.toml").read_text()
    assert text == '[upstreams.b]\ncommand = "npx"\nargs = ["-y", "pkg", "--port", "3"]\n'


def test_add_names_a_variable_and_waits_for_it(file: Path, capfd: pytest.CaptureFixture[str]):
    assert run(["upstream", "add", "b", "--url", "https://example.com/b", "--bearer-env", "NEW_KEY"]) == 0
    assert capfd.readouterr().err == "gateway.toml: added upstream b; it stays off while NEW_KEY is not set\n"
    assert 'auth.bearer = "${env:NEW_KEY}"\nenabled = "when-configured"\n' in file.read_text()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["a", "--url", "https://example.com"], "is there already"),
        (["B_c", "--url", "https://example.com"], "call it b-c"),
        (["b", "--url", "ftp://example.com"], "must begin with http"),
        (["b", "--url", "https://example.com", "--transport", "stdio"], "stdio needs a command"),
        (["b", "--url", "https://example.com", "--bearer-env", "not a name"], "names no variable"),
        (["data", "--command", "npx"], "namespace of a service"),
    ],
)
def test_what_would_break_the_configuration_changes_nothing(
    words: list[str], said: str, file: Path, capfd: pytest.CaptureFixture[str]
):
    assert run(["upstream", "add", *words]) == 1
    assert said in capfd.readouterr().err
    assert file.read_text() == FILE
    assert list(file.parent.iterdir()) == [file]


def test_remove_takes_the_table_and_leaves_the_comments(file: Path, capfd: pytest.CaptureFixture[str]):
    assert run(["upstream", "remove", "a"]) == 0
    assert file.read_text() == "# Ours.\n"
    assert run(["upstream", "remove", "a"]) == 1
    assert "upstreams.a: is not there" in capfd.readouterr().err


def test_remove_can_mend_what_is_broken(file: Path):
    file.write_text(FILE + '\n[upstreams.bad]\nurl = "nonsense"\n')
    assert run(["upstream", "list"]) == 1
    assert run(["upstream", "remove", "bad"]) == 0
    assert run(["upstream", "list"]) == 0


def test_remove_changes_nothing_while_something_else_is_broken(file: Path, capfd: pytest.CaptureFixture[str]):
    broken = FILE + '\n[upstreams.bad]\nurl = "nonsense"\n'
    file.write_text(broken)
    assert run(["upstream", "remove", "a"]) == 1
    assert "upstreams.bad.url" in capfd.readouterr().err
    assert file.read_text() == broken


def test_a_file_that_is_not_toml_is_left_alone(file: Path, capfd: pytest.CaptureFixture[str]):
    file.write_text("[")
    assert run(["upstream", "add", "b", "--command", "npx"]) == 1
    assert run(["upstream", "remove", "b"]) == 1
    assert capfd.readouterr().err.count("is not TOML: line 1") == 2
    assert file.read_text() == "["


def test_list_says_where_each_stands(file: Path, capfd: pytest.CaptureFixture[str]):
    file.write_text('include = ["mcp.json"]\n' + FILE)
    (file.parent / "mcp.json").write_text('{"mcpServers": {"c": {"command": "npx", "disabled": true}}}')
    assert run(["upstream", "list"]) == 0
    assert capfd.readouterr().out.splitlines() == [
        "namespace  at                     state                 file",
        "a          https://example.com/a  on                    gateway.toml",
        "c          npx                    off: enabled = false  mcp.json",
    ]
    assert run(["upstream", "list", "--json"]) == 0
    assert [each["on"] for each in json.loads(capfd.readouterr().out)] == [True, False]
