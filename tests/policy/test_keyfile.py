"""The key file is private, whole at every moment, and worth nothing when it is not what it was."""

import json
import subprocess
import sys

import pytest

from gateway.errors import ConfigurationError
from gateway.policy.keyfile import KeyFile, replace
from gateway.policy.keys import KeyStore

PEPPER = "0123456789abcdef0123456789abcdef"

MAKE_KEYS = """
import sys
from pathlib import Path
from gateway.policy.keys import KeyStore
keys = KeyStore(Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
for number in range(20):
    keys.create(f"key {number}", ["*"])
"""


def test_two_processes_lose_no_key(tmp_path):
    command = [sys.executable, "-c", MAKE_KEYS, str(tmp_path)]
    with (
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as first,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as second,
    ):
        for writer in (first, second):
            assert writer.stdout is not None
            assert writer.stdout.readline() == b"ready\n"
        for writer in (first, second):
            assert writer.stdin is not None
            writer.stdin.close()
    assert (first.returncode, second.returncode) == (0, 0)
    assert len(KeyStore(tmp_path).list()) == 40


def test_all_files_are_for_this_user_only(tmp_path):
    KeyStore(tmp_path).create("ci", ["*"])
    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    assert modes == {"keys.json": 0o600, "pepper": 0o600, "keys.lock": 0o600}


def test_the_folder_is_made_at_the_first_key(tmp_path):
    folder = tmp_path / "var" / "gateway"
    KeyStore(folder).create("ci", ["*"])
    assert (folder / "keys.json").exists()


def test_a_given_pepper_is_not_written_down(tmp_path):
    _, key = KeyStore(tmp_path, PEPPER).create("ci", ["*"])
    assert not (tmp_path / "pepper").exists()
    assert KeyStore(tmp_path, PEPPER).verify(key) is not None


def test_a_change_that_fails_changes_nothing(tmp_path):
    KeyStore(tmp_path).create("ci", ["*"])
    before = (tmp_path / "keys.json").read_bytes()
    with pytest.raises(RuntimeError), KeyFile(tmp_path).edit():
        raise RuntimeError
    assert (tmp_path / "keys.json").read_bytes() == before


def test_a_write_that_fails_leaves_the_old_file_and_no_other(tmp_path):
    folder = tmp_path / "keys.json"
    folder.mkdir()
    with pytest.raises(OSError, match="directory"):
        replace(folder, b"new")
    assert list(tmp_path.iterdir()) == [folder]


def damage(text: str, **changes) -> str:
    return json.dumps({**json.loads(text), **changes})


DAMAGE = {
    "empty": lambda text: "",
    "cut": lambda text: text[: len(text) // 2],
    "not JSON": lambda text: "keys: []",
    "not a table": lambda text: "[]",
    "other version": lambda text: damage(text, version=2),
    "unknown field": lambda text: damage(text, extra=True),
    "digest gone": lambda text: text.replace('"digest"', '"digets"'),
    "digest cut": lambda text: text.replace('"digest": "', '"digest": "0'),
}


@pytest.mark.parametrize("spoil", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_file_opens_nothing_and_is_not_written_over(tmp_path, spoil):
    _, key = KeyStore(tmp_path).create("ci", ["*"])
    file = tmp_path / "keys.json"
    file.write_text(damaged := spoil(file.read_text()))
    for use in (
        lambda keys: keys.verify(key),
        lambda keys: keys.list(),
        lambda keys: keys.is_empty(),
        lambda keys: keys.create("more", ["*"]),
        lambda keys: keys.revoke(key[3:11]),
    ):
        with pytest.raises(ConfigurationError, match=r"keys.json: is damaged(.|\n)*backup"):
            use(KeyStore(tmp_path))
    assert file.read_text() == damaged


def test_a_file_that_cannot_be_read_opens_nothing(tmp_path):
    _, key = KeyStore(tmp_path).create("ci", ["*"])
    (tmp_path / "keys.json").unlink()
    (tmp_path / "keys.json").mkdir()
    with pytest.raises(ConfigurationError, match="cannot be used"):
        KeyStore(tmp_path).verify(key)


def test_without_its_pepper_the_file_opens_nothing(tmp_path):
    _, key = KeyStore(tmp_path).create("ci", ["*"])
    (tmp_path / "pepper").unlink()
    with pytest.raises(ConfigurationError, match=r"pepper: cannot be used(.|\n)*backup"):
        KeyStore(tmp_path).verify(key)
    with pytest.raises(ConfigurationError, match="pepper"):
        KeyStore(tmp_path).create("more", ["*"])


def test_with_another_pepper_the_file_opens_nothing(tmp_path):
    _, key = KeyStore(tmp_path).create("ci", ["*"])
    with pytest.raises(ConfigurationError, match="another pepper"):
        KeyStore(tmp_path, PEPPER).verify(key)


def test_a_short_pepper_is_refused_without_being_shown(tmp_path):
    with pytest.raises(ConfigurationError, match="too short") as caught:
        KeyStore(tmp_path, "hunter2").create("ci", ["*"])
    assert "hunter2" not in str(caught.value)
