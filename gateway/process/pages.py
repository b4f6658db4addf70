"""Large pages of memory for what is there once everything is open.

A call reads a little in some hundred places all over the heap. Of pages of 4 KiB the processor remembers too few for
that, and looks up the others each time; of 2 MiB a few are all there is. Linux 6.1 and newer puts together what it is
asked to (madvise(2), `MADV_COLLAPSE`). Where it cannot, or is told not to, everything stays as it was.
"""

import ctypes
from collections.abc import Iterator
from pathlib import Path

LARGE = 2 * 1024 * 1024
COLLAPSE = 25
MAPS = Path("/proc/self/maps")
SETTING = Path("/sys/kernel/mm/transparent_hugepage/enabled")


def enlarge() -> int:
    """Put together what can be, in about 5 ms for each large page; how many there are of it."""
    try:
        if "[never]" in SETTING.read_text():
            return 0
        maps = MAPS.read_text()
        madvise = ctypes.CDLL(None).madvise
    except (OSError, AttributeError):
        return 0
    return sum(madvise(ctypes.c_void_p(at), ctypes.c_size_t(LARGE), COLLAPSE) == 0 for at in stretches(maps))


def stretches(maps: str) -> Iterator[int]:
    """Where each begins that one large page could hold: private, to be written, and no file's (proc_pid_maps(5))."""
    for line in maps.splitlines():
        ends, rights, _, _, inode, *name = line.split(maxsplit=5)
        if rights == "rw-p" and inode == "0" and name in ([], ["[heap]"]):
            first, end = (int(each, 16) for each in ends.split("-"))
            yield from range(-(-first // LARGE) * LARGE, end - LARGE + 1, LARGE)
