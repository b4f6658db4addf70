"""The files of one process's audit: append only, chained, a new one when one is full, the oldest deleted past a number.

In the folder, `1-000000000001.jsonl` is a file that begins with line 1, and `1.lock` says that a process writes these.
A second process that writes at the same time has `2-…`.
"""

import errno
import fcntl
import os
from contextlib import suppress
from itertools import count
from pathlib import Path
from secrets import token_hex

from gateway.observe.chain import Broken, Link, read
from gateway.observe.times import to_microseconds

TAIL = 256 * 1024
"""Bytes at the end of a file in which its last good line is looked for first; all of it where there is none."""
LOOK_SECONDS = 1.0
"""How soon it is noticed that the file was deleted."""


class AuditFile:
    """Where lines go. Opened by the first line; each is written at once, whole or not at all."""

    def __init__(self, folder: Path, max_bytes: int, keep: int):
        self.folder = folder
        self._max_bytes = max_bytes
        self._keep = keep
        self._run = token_hex(4)
        self._lock: int | None = None
        self._slot = 0
        self._file: int | None = None
        self._size = 0
        self._look_at = 0.0
        self._end = Link()

    def __repr__(self) -> str:
        return f"<AuditFile {self.folder} {self._slot} {self._end.number}>"

    def append(self, fields: str, at: float) -> None:
        """Write one line, at time `at`.

        Raises:
            OSError: it is not written, nor is a part of it.
        """
        if self._size >= self._max_bytes or at >= self._look_at:
            self._look(at)
        if self._file is None:
            self._open(at)
        self._write(fields)

    def _look(self, at: float) -> None:
        """Leave a file that is full, and one that somebody deleted."""
        self._look_at = at + LOOK_SECONDS
        if self._file is not None and (self._size >= self._max_bytes or not os.fstat(self._file).st_nlink):
            self._leave()

    def close(self, at: float) -> None:
        """Write that this was the end, and let another process continue."""
        if self._file is not None:
            with suppress(OSError):  # then the next run says that this one did not close
                self._write(self._mark("closed", at))
            self._leave()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _mark(self, record: str, at: float) -> str:
        return f'"record": "{record}", "at": "{to_microseconds(at)}", "run": "{self._run}"'

    def _write(self, fields: str) -> None:
        assert self._file is not None
        line, end = self._end.next(fields)
        self._put(self._file, line)
        self._end = end

    def _put(self, file: int, data: bytes) -> None:
        left = data
        try:
            while left:  # a disk with room for a part takes that, and says why not the rest at the next write
                left = left[os.write(file, left) :]
        except OSError:
            os.ftruncate(file, self._size)
            raise
        self._size += len(data)

    def _open(self, at: float) -> None:
        if self._lock is None:
            self._take_slot()
        files = files_of(self.folder, self._slot)
        if not self._end.number:  # or else what is gone would not be missed
            self._end = _end_of(files)
        path = self.folder / f"{self._slot}-{self._end.number + 1:012d}.jsonl"
        if files and files[-1].stat().st_size < self._max_bytes:
            path = files[-1]
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._size = os.fstat(self._file).st_size
        try:
            if (tail := _tail(path, TAIL)) and not tail[-1].endswith("\n"):
                self._put(self._file, b"\n")  # what a crash cut off stays as it is, for `verify` to tell
            self._write(f'{self._mark("opened", at)}, "previous": "{self._end.hash}"')
        except OSError:
            self._leave()
            raise
        self._delete_oldest()

    def _take_slot(self) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for slot in count(1):
            lock = os.open(self.folder / f"{slot}.lock", os.O_WRONLY | os.O_CREAT, 0o600)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(lock)
                continue
            self._lock, self._slot = lock, slot
            return

    def _leave(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _delete_oldest(self) -> None:
        if self._keep:
            for file in files_of(self.folder, self._slot)[: -self._keep]:
                file.unlink(missing_ok=True)


def slots(folder: Path) -> list[int]:
    """The numbers under which processes have written here."""
    return sorted({int(found) for file in folder.glob("*-*.jsonl") if (found := file.name.partition("-")[0]).isdigit()})


def files_of(folder: Path, slot: int) -> list[Path]:
    """The files of one slot, oldest first."""
    return sorted(folder.glob(f"{slot}-*.jsonl"))


def _end_of(files: list[Path]) -> Link:
    """The last good line: what follows is chained to it."""
    for file in reversed(files):
        for size in (TAIL, file.stat().st_size):
            for line in reversed(_tail(file, size)):
                with suppress(Broken):
                    return read(line)[1]
    if any(file.stat().st_size for file in files):
        raise OSError(errno.EINVAL, "no line of it can be read: move it to another folder")
    return Link()


def _tail(file: Path, size: int) -> list[str]:
    with file.open("rb") as opened:
        opened.seek(max(0, opened.seek(0, os.SEEK_END) - size))
        return opened.read().decode(errors="replace").splitlines(keepends=True)
