"""Editing the text of a gateway.toml."""

import os
import stat
import tomllib
from pathlib import Path

import pytest

from gateway.config.edit import add_upstream, remove_upstream, upstream_names, write
from gateway.errors import ConfigurationError

TEXT = """\
# The gateway's configuration.
[server]
port = 9000   # not the default

# about a
[upstreams.a]
url = "https://example.com/a"   # inside a

[upstreams.a.headers]
X-Key = "x"

# about b
[upstreams.b]
command = "npx"
args = [
  "-y",
  "pkg",
]

# [upstreams.example]
# command = "npx"

# about log
[log]
level = "INFO"
"""


def comments(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("#")]


def test_an_upstream_is_added_at_the_end_and_nothing_else_changes():
    changed = add_upstream(TEXT, "c", {("command",): "npx", ("args",): ["-y", 'a"b'], ("auth", "bearer"): "${env:X}"})
    assert changed == TEXT + ('\n[upstreams.c]\ncommand = "npx"\nargs = ["-y", "a\\"b"]\nauth.bearer = "${env:X}"\n')
    assert tomllib.loads(changed)["upstreams"]["c"]["auth"] == {"bearer": "${env:X}"}


def test_the_first_upstream_of_an_empty_file():
    assert add_upstream("", "c", {("url",): "https://example.com"}) == '[upstreams.c]\nurl = "https://example.com"\n'


@pytest.mark.parametrize("name", ["a", "b"])
def test_an_upstream_is_removed_with_its_sub_tables_and_all_comments_stay(name: str):
    changed = remove_upstream(TEXT, name, "gateway.toml")
    expected = tomllib.loads(TEXT)
    del expected["upstreams"][name]
    assert tomllib.loads(changed) == expected
    assert comments(changed) == comments(TEXT)


def test_what_was_added_is_removed_without_a_trace():
    added = add_upstream(TEXT, "c", {("url",): "https://example.com"})
    assert remove_upstream(added, "c", "gateway.toml").rstrip() == TEXT.rstrip()


@pytest.mark.parametrize(
    "text",
    [
        'upstreams.a.url = "https://example.com"\n',
        'upstreams = { a = { url = "https://example.com" } }\n',
        '[upstreams]\na.url = "https://example.com"\n',
        '[upstreams.a]\ninstructions = """\n[log]\n"""\n',
    ],
)
def test_what_is_not_a_table_of_its_own_is_left_to_the_user(text: str):
    with pytest.raises(ConfigurationError, match="by hand"):
        remove_upstream(text, "a", "gateway.toml")


def test_names_are_those_of_the_file_itself():
    assert upstream_names(TEXT, "gateway.toml") == ["a", "b"]
    assert upstream_names("", "gateway.toml") == []
    with pytest.raises(ConfigurationError, match="is not TOML"):
        upstream_names("[", "gateway.toml")


class TestWrite:
    def test_a_file_keeps_its_rights_and_a_link_stays_a_link(self, tmp_path: Path):
        (tmp_path / "real.toml").write_text("old")
        (tmp_path / "real.toml").chmod(0o640)
        (tmp_path / "gateway.toml").symlink_to("real.toml")
        write(tmp_path / "gateway.toml", "new")
        assert (tmp_path / "real.toml").read_text() == "new"
        assert stat.S_IMODE((tmp_path / "real.toml").stat().st_mode) == 0o640
        assert (tmp_path / "gateway.toml").is_symlink()

    def test_a_failure_changes_nothing_and_leaves_nothing_behind(self, tmp_path: Path):
        (tmp_path / "gateway.toml").mkdir()
        with pytest.raises(ConfigurationError, match="cannot be written: Is a directory"):
            write(tmp_path / "gateway.toml", "new")
        assert os.listdir(tmp_path) == ["gateway.toml"]

    def test_a_folder_that_is_not_there_is_said(self, tmp_path: Path):
        with pytest.raises(ConfigurationError, match="cannot be written: No such file"):
            write(tmp_path / "gone" / "gateway.toml", "new")
