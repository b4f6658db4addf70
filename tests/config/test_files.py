"""Reading text that a configuration names."""

from pathlib import Path

import pytest

from gateway.config.files import MAX_BYTES, Unreadable, home, read_text, resolve


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path):
    (tmp_path / "a").write_bytes(b"\xef\xbb\xbfabc\r\n")
    assert read_text(tmp_path / "a") == "abc\r\n"


def test_every_failure_has_words(tmp_path: Path):
    (tmp_path / "long").write_bytes(b"x" * (MAX_BYTES + 1))
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    failures = {
        "gone": "is not there",
        "": "is a folder",
        "long": f"is longer than {MAX_BYTES} bytes",
        "binary": "is not UTF-8 text",
        "a\0b": "is not a path",
        "binary/a": "cannot be read: Not a directory",
        "loop": "cannot be read: Too many levels of symbolic links",
    }
    for name, words in failures.items():
        with pytest.raises(Unreadable) as refused:
            read_text(tmp_path / name)
        assert str(refused.value) == words


def test_home_is_that_of_the_environment_at_hand():
    assert home({"HOME": "/home/user"}) == Path("/home/user")
    assert home({"USERPROFILE": "/users/user"}) == Path("/users/user")
    assert home({}) == Path.home()


def test_a_relative_path_hangs_on_its_folder():
    environ = {"HOME": "/home/user"}
    assert resolve("a/b", Path("/etc"), environ) == Path("/etc/a/b")
    assert resolve("/a/b", Path("/etc"), environ) == Path("/a/b")
    assert resolve("~/a", Path("/etc"), environ) == Path("/home/user/a")
    assert resolve("~", Path("/etc"), environ) == Path("/home/user")
