"""The state key: configured, or one for all processes that share a state directory."""

import logging
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import SecretStr

from gateway.errors import ConfigurationError
from gateway.policy.statekey import SHORTEST, StateKey

READ_KEY = """
import sys
from pathlib import Path
from gateway.policy.statekey import StateKey
key = StateKey(Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
print(key.read().decode())
"""


def test_it_is_made_at_the_first_use_for_this_user_only_and_kept(tmp_path: Path):
    key = StateKey(tmp_path / "var")
    assert not (tmp_path / "var").exists()
    made = key.read()
    assert len(made) >= SHORTEST
    assert [(path.name, path.stat().st_mode & 0o777) for path in (tmp_path / "var").iterdir()] == [("state.key", 0o600)]
    assert StateKey(tmp_path / "var").read() == key.read() == made


def test_processes_that_need_it_at_once_agree(tmp_path: Path):
    command = [sys.executable, "-c", READ_KEY, str(tmp_path)]
    readers = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    for reader in readers:
        assert reader.stdout is not None
        assert reader.stdout.readline() == "ready\n"
    keys = {reader.communicate("go\n")[0] for reader in readers}
    assert len(keys) == 1
    assert len(keys.pop().strip()) >= SHORTEST


def test_a_configured_one_is_not_written_down(tmp_path: Path):
    assert StateKey(tmp_path, SecretStr("k" * SHORTEST)).read() == b"k" * SHORTEST
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_one_is_refused_at_the_start(tmp_path: Path):
    (tmp_path / "state.key").write_text("short")
    with pytest.raises(ConfigurationError, match=r"state\.key: is damaged\n.*server\.state_key") as refusal:
        StateKey(tmp_path)
    assert "short" not in str(refusal.value)


def test_where_it_cannot_be_kept_one_process_has_it_alone_and_says_so(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    key = StateKey(tmp_path / "file" / "var")
    (tmp_path / "file").touch()
    with caplog.at_level(logging.WARNING):
        assert len(key.read()) >= SHORTEST
    assert key.read() == key.read()
    assert "set server.state_key" in caplog.text
