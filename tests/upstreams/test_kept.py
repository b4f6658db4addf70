"""What is made once is found again, for the same pins and only when it was made whole."""

from pathlib import Path

import pytest

from tests.upstreams.kept import kept


def test_a_folder_is_made_once_for_its_pins(tmp_path: Path):
    made: list[Path] = []

    def make(folder: Path) -> None:
        folder.mkdir()
        made.append(folder)

    one, again, other = (kept(tmp_path, pins, make) for pins in (b"1.0", b"1.0", b"2.0"))
    assert one == again != other
    assert made == [one, other]


def test_what_was_not_made_whole_is_made_anew(tmp_path: Path):
    def fail(folder: Path) -> None:
        folder.mkdir()
        (folder / "half").touch()
        raise OSError("the network is gone")

    with pytest.raises(OSError, match="gone"):
        kept(tmp_path, b"1.0", fail)
    folder = kept(tmp_path, b"1.0", lambda folder: folder.mkdir())
    assert [each.name for each in folder.iterdir()] == ["complete"]
