"""Unix sockets: who reaches them, and at what paths."""

import socket
from pathlib import Path

import pytest

from gateway.ground.unix import clear_left, listen_at, short


def reached(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as client, short(path) as name:
        client.connect(name)


@pytest.mark.parametrize("folders", [["near"], ["a long name"] * 12])
def test_it_is_reached_at_paths_of_any_length_by_this_user_alone(tmp_path: Path, folders: list[str]):
    path = tmp_path.joinpath(*folders, "1.sock")
    with listen_at(path):
        reached(path)
        assert path.stat().st_mode & 0o777 == 0o600
        assert path.parent.stat().st_mode & 0o777 == 0o700


def test_one_that_a_crash_left_is_replaced(tmp_path: Path):
    path = tmp_path / "1.sock"
    listen_at(path).close()
    with pytest.raises(ConnectionRefusedError):
        reached(path)
    with listen_at(path):
        reached(path)


def test_what_cannot_be_made_is_said(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        listen_at(tmp_path / "file" / "1.sock")


def test_only_those_are_cleared_away_at_which_nobody_listens(tmp_path: Path):
    listen_at(tmp_path / "left.sock").close()
    with listen_at(tmp_path / "used.sock"):
        clear_left(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["used.sock"]
