"""What is there is put together into large pages, and nothing of it changes."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.process import pages
from gateway.process.pages import LARGE, SETTING, enlarge, stretches

MAPS = """\
5600000ff000-560000900000 rw-p 00000000 00:00 0                          [heap]
7f0000000000-7f0000400000 rw-p 00000000 00:00 0
7f1000000000-7f1000400000 r--p 00000000 00:00 0
7f2000000000-7f2000400000 rw-p 00000000 08:01 1234                       /usr/lib/a library.so
7f3000000000-7f3000400000 rw-s 00000000 00:01 99                         /dev/zero (deleted)
7f4000001000-7f4000200000 rw-p 00000000 00:00 0
7ffc00000000-7ffc00400000 rw-p 00000000 00:00 0                          [stack]
"""
GROWN = """
from gateway.process.pages import enlarge
from pathlib import Path
kept = [str(number) for number in range(1_000_000)]
def large():
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) // 2048 for line in lines if line.startswith("AnonHugePages"))
before = large()
made = enlarge()
print(made, large() - before, kept == [str(number) for number in range(1_000_000)])
"""


def can() -> bool:
    """Whether the system makes large pages when it is asked to."""
    release = [int(each) for each in re.findall(r"\d+", os.uname().release)[:2]]
    return sys.platform == "linux" and release >= [6, 1] and SETTING.exists() and "[never]" not in SETTING.read_text()


def test_only_whole_stretches_of_the_heap_are_asked_for() -> None:
    heap = range(0x560000200000, 0x560000800000, LARGE)
    assert list(stretches(MAPS)) == [*heap, 0x7F0000000000, 0x7F0000200000]


@pytest.mark.skipif(not can(), reason="only Linux 6.1 and newer can, unless it is told never to")
def test_a_heap_becomes_large_pages_and_stays_what_it_was() -> None:
    told = subprocess.run([sys.executable, "-c", GROWN], capture_output=True, text=True, timeout=50, check=True)
    made, more, same = told.stdout.split()
    assert int(made) >= int(more) > 10
    assert same == "True"


@pytest.mark.parametrize("setting", ["always madvise [never]", None])
def test_a_system_that_makes_none_is_left_alone(
    setting: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "enabled"
    if setting is not None:
        file.write_text(setting)
    monkeypatch.setattr(pages, "SETTING", file)
    assert enlarge() == 0
