"""Notice that files changed, by a look at each of them every second.

The system's own word (`watchfiles`) comes sooner, but it comes for every file in the same folder: beside a log that is
written to for each call, hearing it cost more than the calls. Network file systems do not give it at all.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Collection
from pathlib import Path

LOOK_SECONDS = 1.0
# An editor may empty a file before it writes it, and an empty one is a configuration too.
SETTLE_SECONDS = 0.2

Stamp = tuple[int, int, int] | None


class Files:
    """What a set of files, which may change itself, looked like when it was last looked at."""

    def __init__(self, files: Callable[[], Collection[Path]]):
        self._files = files
        self._seen: dict[Path, Stamp] = {}
        self._look()

    def _look(self) -> bool:
        """Look at all; whether one that was known before is another now."""
        older, self._seen = self._seen, stamps(self._files())
        return any(older.get(path, stamp) != stamp for path, stamp in self._seen.items())

    async def changes(self) -> AsyncGenerator[None]:
        """Goes on each time that some of them have changed and are at rest."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            if self._look():
                await self._settle()
                yield

    async def _settle(self) -> None:
        moving = True
        while moving:
            await asyncio.sleep(SETTLE_SECONDS)
            moving = self._look()


def stamps(paths: Collection[Path]) -> dict[Path, Stamp]:
    """What each file looks like now."""
    return {path: _stamp(path) for path in paths}


def _stamp(path: Path) -> Stamp:
    """What differs once a file was written or replaced, also behind a symbolic link; None where there is none."""
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
