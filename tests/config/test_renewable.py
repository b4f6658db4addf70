"""Credentials in files are known as such, and read as they are now."""

from pathlib import Path
from typing import Any

import pytest

from gateway.config.load import load_text
from gateway.config.renewable import Renewable

UPSTREAM = '[upstreams.a]\nurl = "https://example.com/mcp"\n'


@pytest.fixture
def token(tmp_path: Path) -> Path:
    file = tmp_path / "token"
    file.write_text("first\n")
    return file


def in_files(folder: Path, more: str, environ: dict[str, str] | None = None) -> dict[str, Renewable]:
    loaded = load_text(UPSTREAM + more, folder / "gateway.toml", environ or {})
    return loaded.config.upstreams["a"].in_files


def test_a_bearer_token_is_read_as_it_is_now(tmp_path: Path, token: Path):
    found = in_files(tmp_path, 'auth.bearer = "${file:token}"')
    token.write_text("second\n")
    assert {name: each.read() for name, each in found.items()} == {"Authorization": "Bearer second"}


def test_so_is_a_header_with_more_around_it(tmp_path: Path, token: Path):
    found = in_files(tmp_path, 'headers = { X-Key = "id:${file:token}", X-Team = "a" }')
    assert {name: each.read() for name, each in found.items()} == {"X-Key": "id:first"}


@pytest.mark.parametrize("more", ['auth.bearer = "abc"', 'auth.bearer = "${env:TOKEN}"', ""])
def test_what_stands_in_no_file_stays_as_it_is(tmp_path: Path, more: str):
    assert in_files(tmp_path, more, {"TOKEN": "${file:token}"}) == {}


@pytest.mark.parametrize("content", [None, "two\nlines", "\x00"])
def test_what_cannot_be_sent_is_not_taken(tmp_path: Path, token: Path, content: str | None):
    (renewable,) = in_files(tmp_path, 'auth.bearer = "${file:token}"').values()
    token.unlink() if content is None else token.write_text(content)
    assert renewable.read() is None


def test_it_shows_neither_value_nor_environment(tmp_path: Path, token: Path):
    found: Any = in_files(tmp_path, 'auth.bearer = "${file:token}"', {"OTHER": "CANARY"})
    assert "CANARY" not in repr(found)
    assert "first" not in repr(found)
