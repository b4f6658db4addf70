"""References in one string. What whole files come to is in `cases/`."""

from pathlib import Path

import pytest

from gateway.config.draft import Dialect, Source
from gateway.config.interpolate import Interpolator

ENVIRON = {"WORD": "word", "EMPTY": "", "LOOKS": "${env:WORD}", "HOME": "/home/user"}


def filler(folder: Path, dialect: Dialect = "gateway.toml") -> Interpolator:
    return Interpolator(Source("file", (), folder, dialect), ENVIRON)


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("plain $5 {x}", "plain $5 {x}"),
        ("a ${env:WORD} b ${env:WORD}", "a word b word"),
        ("${env:NO:-default}", "default"),
        ("${env:NO:-}", ""),
        ("${env:EMPTY:-default}", "default"),
        ("${env:WORD:-default}", "word"),
        ("${env:NO:-https://example.com:1/}", "https://example.com:1/"),
        ("${env:LOOKS}", "${env:WORD}"),
        ("$${env:WORD}", "${env:WORD}"),
        ("${file:secret}", "abc"),
    ],
)
def test_our_own_references(text: str, filled: str, tmp_path: Path):
    (tmp_path / "secret").write_text("abc\r\n")
    assert filler(tmp_path).fill(text) == (filled, [])


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("${WORD} ${env:WORD} ${NO:-default}", "word word default"),
        ("${workspaceFolder}|${workspaceFolderBasename}|${cwd}", "/project|project|/project"),
        ("${userHome}${/}a${pathSeparator}b", "/home/user/a/b"),
        ("${X%%.*} ${#} ${}", "${X%%.*} ${#} ${}"),
    ],
)
def test_what_clients_write_in_an_mcp_json(text: str, filled: str):
    assert filler(Path("/project"), "mcp.json").fill(text) == (filled, [])


def test_a_string_with_a_gap_is_empty_and_every_gap_is_told(tmp_path: Path):
    filled, gaps = filler(tmp_path).fill("Bearer ${env:NO} ${env:EMPTY} ${file:gone} ${WORD}")
    assert filled == ""
    assert [gap.problem for gap in gaps] == [
        "NO is not set",
        "EMPTY is not set",
        "the file gone is not there",
        "${WORD} is not understood here",
    ]
    assert [gap.unset for gap in gaps] == [True, True, True, False]
