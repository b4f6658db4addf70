"""Disks that a test can fill while a gateway writes to them."""

import contextlib
import os
import resource
import subprocess
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pytest

SIZE = 512 * 1024


class Disk(Protocol):
    folder: Path

    def fill(self, pid: int) -> None:
        """Leave no room for process `pid`."""
        ...

    def free(self, pid: int) -> None:
        """Make room again."""
        ...


@dataclass
class MountedDisk:
    """A file system of its own, of half a megabyte, filled by a file to the last byte."""

    folder: Path

    def fill(self, pid: int) -> None:
        with (self.folder / "filler").open("wb", buffering=0) as filler, contextlib.suppress(OSError):
            while True:
                filler.write(bytes(4096))

    def free(self, pid: int) -> None:
        (self.folder / "filler").unlink()


@dataclass
class LimitedDisk:
    """A process that may make no file larger than the largest in the folder is now (RLIMIT_FSIZE)."""

    folder: Path

    def fill(self, pid: int) -> None:
        largest = max(path.stat().st_size for path in self.folder.rglob("*.jsonl"))
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (largest + 100, resource.RLIM_INFINITY))

    def free(self, pid: int) -> None:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


@contextlib.contextmanager
def mounted(folder: Path) -> Generator[MountedDisk]:
    """A small file system at `folder`; the test is skipped where only root may mount one, and we are not."""
    folder.mkdir()
    mount = ("mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(folder))
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("mounting a file system needs root; the other kind of full disk is tried everywhere")
    try:
        yield MountedDisk(folder)
    finally:
        subprocess.run(("umount", str(folder)), check=True)
