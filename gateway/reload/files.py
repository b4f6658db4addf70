"""Notice that files changed: by the system's word, and by a look each second where it gives none."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Collection
from pathlib import Path

from watchfiles import awatch

from gateway.observe.logs import get_logger

log = get_logger(__name__)

# Network file systems, and folders shared with a container, tell nobody of a change.
LOOK_MILLISECONDS = 1000
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
            folders = {path.parent for path in self._files()}
            async for _ in _woken(folders):
                if self._look():
                    await self._settle()
                    yield
                if {path.parent for path in self._files()} != folders:
                    break

    async def _settle(self) -> None:
        moving = True
        while moving:
            await asyncio.sleep(SETTLE_SECONDS)
            moving = self._look()


async def _woken(folders: Collection[Path]) -> AsyncGenerator[None]:
    """Goes on whenever something happens in the folders, and each second. A folder is told of every way in which its
    files can be replaced, a file is not."""
    there = [folder for folder in folders if folder.is_dir()]
    try:
        async for _ in awatch(
            *there, recursive=False, watch_filter=None, rust_timeout=LOOK_MILLISECONDS, yield_on_timeout=True
        ):
            yield
    except OSError as error:
        log.warning("the system does not tell of changed files: looking each second", why=str(error))
    while True:
        await asyncio.sleep(LOOK_MILLISECONDS / 1000)
        yield


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
