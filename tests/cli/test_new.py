"""`gateway new service`: what it writes works, and nothing that is there is harmed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.cli import run
from tests.cli.command import gateway
from tests.structure.tree import ROOT

FILE = """\
# Ours.
[services.data]   # first
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GATEWAY_CONFIG", raising=False)
    return tmp_path


def tool(*words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """A Python tool of this environment, run in `folder`."""
    without = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    command = [sys.executable, "-m", *words]
    return subprocess.run(command, cwd=folder, env=without, capture_output=True, text=True, timeout=50, check=False)


@pytest.mark.timeout(180)  # seven programs, each of which imports FastMCP
@pytest.mark.parametrize(("name", "package"), [("hello", "hello"), ("my-tickets-of-the-last-hundred-d", None)])
def test_what_it_writes_works_in_an_empty_folder(tmp_path: Path, name: str, package: str | None) -> None:
    package = package or name.replace("-", "_")
    assert gateway("new", "service", name, folder=tmp_path).returncode == 0
    written = {path.name for path in (tmp_path / package).iterdir()}
    assert written == {"__init__.py", "server.py", f"test_{package}.py", "README.md"}
    assert gateway("check", folder=tmp_path).returncode == 0
    called = gateway("call", f"{name}_hello", "name=Ada", folder=tmp_path)
    assert (called.returncode, called.stdout) == (0, "Hello, Ada.\n"), called.stderr
    tested = tool("pytest", "-q", "-p", "no:asyncio", package, folder=tmp_path)
    assert tested.returncode == 0, tested.stdout + tested.stderr
    assert "1 passed" in tested.stdout
    for options in ((), ("--config", str(ROOT / "pyproject.toml"))):
        linted = tool("ruff", "check", "--no-cache", *options, package, folder=tmp_path)
        assert linted.returncode == 0, linted.stdout
        formatted = tool("ruff", "format", "--no-cache", "--check", *options, package, folder=tmp_path)
        assert formatted.returncode == 0, formatted.stdout


def test_its_code_is_ten_lines(folder: Path) -> None:
    run(["new", "service", "hello"])
    lines = (folder / "hello" / "server.py").read_text().splitlines()
    assert len([line for line in lines if line.strip() and not line.startswith("#")]) <= 10


def test_the_configuration_keeps_its_comments(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (folder / "gateway.toml").write_text(FILE)
    assert run(["new", "service", "hello"]) == 0
    assert (folder / "gateway.toml").read_text() == FILE + '\n[services.hello]\nmodule = "hello.server:mcp"\n'
    assert "note:" not in capfd.readouterr().err


def test_it_says_which_services_a_file_with_its_first_no_longer_serves(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run(["new", "service", "hello"]) == 0
    assert "[services.data], [services.external], [services.database]" in capfd.readouterr().err


def test_it_stands_beside_the_configuration(folder: Path) -> None:
    (folder / "deep").mkdir()
    assert run(["new", "service", "hello", "--config", "deep/gateway.toml"]) == 0
    assert (folder / "deep" / "hello" / "server.py").is_file()
    assert (folder / "deep" / "gateway.toml").is_file()
    assert not (folder / "hello").exists()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("My_Tickets", "Call it my-tickets."),
        ("tickets-", "Call it tickets."),
        ("../up", "Call it up."),
        ("7", "Use letters from a to z."),
        ("class", "Python has another meaning for 'class'"),
        ("json", "Call it json-own"),
        ("gateway", "Python has another meaning for 'gateway'"),
        ("data", "services.data is configured already"),
        ("shop", "namespace of a service"),
        ("taken", "taken is there already"),
    ],
)
def test_a_bad_name_changes_nothing(name: str, said: str, folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    text = FILE + '[upstreams.shop]\nurl = "http://127.0.0.1:9/mcp"\n'
    (folder / "gateway.toml").write_text(text)
    (folder / "taken").mkdir()
    assert run(["new", "service", name]) == 1
    assert said in capfd.readouterr().err
    assert (folder / "gateway.toml").read_text() == text
    assert {path.name for path in folder.rglob("*")} == {"gateway.toml", "taken"}
    assert not (folder.parent / "up").exists()


def test_a_configuration_that_cannot_be_written_leaves_no_folder(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("gateway.config.edit.os.replace", refuse)
    assert run(["new", "service", "hello"]) == 1
    assert "cannot be written: Permission denied" in capfd.readouterr().err
    assert list(folder.iterdir()) == []
