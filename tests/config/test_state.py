"""The state directory is found as long as anything is left to find it by."""

from pathlib import Path

import pytest

from gateway.config.state import state_dir


@pytest.mark.parametrize(
    ("text", "environ", "expected"),
    [
        ("", {}, "var"),
        ('[server]\nstate_dir = "here"', {}, "here"),
        ('[server]\nstate_dir = "here"\nprot = 1', {}, "here"),
        ('[server]\nstate_dir = "here"\n[', {}, "var"),
        ("[server]\nstate_dir = 1", {}, "var"),
        ("server = 1", {}, "var"),
        ('[server]\nstate_dir = "here"\nprot = 1', {"GATEWAY__SERVER__STATE_DIR": "there"}, "there"),
        ("[server]\nprot = 1", {"GATEWAY__SERVER__STATE_DIR": "/there"}, "/there"),
    ],
)
def test_it_is_found_in_good_and_broken_files(tmp_path: Path, text: str, environ: dict[str, str], expected: str):
    file = tmp_path / "gateway.toml"
    file.write_text(text)
    assert state_dir(file, environ) == tmp_path / expected


def test_without_a_file_it_is_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    assert state_dir(None, {}) == tmp_path / "var"
    assert state_dir(tmp_path / "gone" / "gateway.toml", {}) == tmp_path / "gone" / "var"
    assert state_dir(None, {"GATEWAY__SERVER__PORT": "none"}) == tmp_path / "var"
