"""The files of an audit: appended to, continued, rotated, and never left with half a line."""

import os
import resource
import stat
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gateway.observe.audit_file import AuditFile, files_of, slots
from gateway.observe.audit_read import verify

NOON = 1_800_000_000.0


def opened(folder: Path, max_bytes: int = 1_000_000, keep: int = 0) -> AuditFile:
    return AuditFile(folder, max_bytes, keep)


def written(file: AuditFile, count: int, at: float = NOON) -> None:
    for number in range(count):
        file.append(f'"record": "call", "number": {number}', at)


def text(folder: Path) -> str:
    return "".join(path.read_text() for path in sorted(folder.glob("*.jsonl")))


def faults(folder: Path) -> list[str]:
    return [fault for trail in verify(folder)[0] for fault in trail.faults]


@contextmanager
def largest_file(size: int) -> Generator[None]:
    """The system writes no file beyond `size`."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_lines_are_there_as_soon_as_they_are_written(tmp_path: Path):
    file = opened(tmp_path / "audit")
    assert not (tmp_path / "audit").exists()
    written(file, 3)
    assert text(tmp_path / "audit").count('"record": "call"') == 3
    assert repr(file) == f"<AuditFile {tmp_path / 'audit'} 1 4>"
    file.close(NOON)
    assert '"record": "closed"' in text(tmp_path / "audit").splitlines()[-1]


def test_only_the_same_user_reads_it(tmp_path: Path):
    file = opened(tmp_path / "audit")
    written(file, 1)
    (path,) = files_of(tmp_path / "audit", 1)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    file.close(NOON)


def test_the_next_run_continues_the_chain(tmp_path: Path):
    for _ in range(3):
        file = opened(tmp_path)
        written(file, 2)
        file.close(NOON)
    assert [path.name for path in files_of(tmp_path, 1)] == ["1-000000000001.jsonl"]
    (trail,), _ = verify(tmp_path)
    assert (trail.lines, trail.faults, trail.notes) == (12, [], [])


def test_processes_at_the_same_time_write_files_of_their_own(tmp_path: Path):
    first, second = opened(tmp_path), opened(tmp_path)
    written(first, 1)
    written(second, 1)
    assert slots(tmp_path) == [1, 2]
    first.close(NOON)
    third = opened(tmp_path)
    written(third, 1)
    assert slots(tmp_path) == [1, 2]
    second.close(NOON)
    third.close(NOON)
    assert faults(tmp_path) == []


def test_a_full_file_is_followed_by_the_next_and_the_oldest_goes(tmp_path: Path):
    file = opened(tmp_path, max_bytes=1000, keep=2)
    written(file, 30)
    names = [path.name for path in files_of(tmp_path, 1)]
    assert len(names) == 2
    assert all(path.stat().st_size < 1500 for path in files_of(tmp_path, 1))
    (trail,), _ = verify(tmp_path)
    assert trail.faults == []
    (note,) = trail.notes
    assert note == f"it begins with line {int(names[0][2:14])}: older files were deleted"
    file.close(NOON)


def test_a_missing_file_in_between_is_found(tmp_path: Path):
    file = opened(tmp_path, max_bytes=1000)
    written(file, 30)
    file.close(NOON)
    files_of(tmp_path, 1)[1].unlink()
    (fault,) = faults(tmp_path)
    assert "are missing before it" in fault


def test_what_does_not_fit_leaves_no_half_line(tmp_path: Path):
    file = opened(tmp_path)
    written(file, 1)
    before = text(tmp_path)
    with largest_file(len(before) + 10), pytest.raises(OSError, match="too large"):
        written(file, 1)
    assert text(tmp_path) == before
    written(file, 1)
    file.close(NOON)
    assert faults(tmp_path) == []


def test_a_file_that_could_not_even_begin_begins_later(tmp_path: Path):
    file = opened(tmp_path)
    with largest_file(10), pytest.raises(OSError, match="too large"):
        written(file, 1)
    written(file, 1)
    file.close(NOON)
    assert faults(tmp_path) == []
    assert len(text(tmp_path).splitlines()) == 3


def test_what_a_crash_cut_off_is_kept_and_told(tmp_path: Path):
    file = opened(tmp_path)
    written(file, 3)
    file.close(NOON)
    (path,) = files_of(tmp_path, 1)
    os.truncate(path, path.stat().st_size - 30)
    again = opened(tmp_path)
    written(again, 2)
    again.close(NOON)
    (trail,), _ = verify(tmp_path)
    assert trail.faults == ["1-000000000001.jsonl, line 5: it is no line of an audit"]
    assert trail.notes == ["1-000000000001.jsonl, line 6: the run before it was killed, or its last lines were cut off"]


def test_a_deleted_file_is_noticed_and_not_forgotten(tmp_path: Path):
    file = opened(tmp_path)
    written(file, 5)
    files_of(tmp_path, 1)[-1].unlink()
    written(file, 1, NOON + 2)
    file.close(NOON)
    (trail,), _ = verify(tmp_path)
    assert (trail.lines, trail.notes) == (3, ["it begins with line 7: older files were deleted"])


def test_a_file_that_is_none_of_ours_is_not_continued(tmp_path: Path):
    (tmp_path / "1-000000000001.jsonl").write_text("hello\n")
    with pytest.raises(OSError, match="move it"):
        written(opened(tmp_path), 1)


def test_a_line_of_any_length_may_be_the_last_one(tmp_path: Path):
    """Whoever is killed then finds it again."""
    file = opened(tmp_path, max_bytes=10_000_000)
    written(file, 1)
    file.append('"record": "call", "name": "' + "a" * 600_000 + '"', NOON)
    file.close(NOON)
    (path,) = files_of(tmp_path, 1)
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-1]))  # it was killed before it could close
    again = opened(tmp_path, max_bytes=10_000_000)
    written(again, 1)
    again.close(NOON)
    (trail,), _ = verify(tmp_path)
    assert (trail.lines, trail.faults) == (6, [])
