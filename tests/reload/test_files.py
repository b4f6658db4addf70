"""Every way in which files change is noticed, once they are at rest."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import pytest

from gateway.reload import files as module
from gateway.reload.files import Files

PATIENCE = 10.0

Next = Callable[[], asyncio.Future[None]]


@asynccontextmanager
async def watched(*paths: Path) -> AsyncGenerator[Files]:
    yield Files(lambda: paths)


async def after(files: Files, change: Callable[[], object]) -> None:
    """Until the change was noticed."""
    async with asyncio.timeout(PATIENCE), aclosing(files.changes()) as changes:
        noticed = asyncio.ensure_future(anext(changes))
        change()
        await noticed


def replace(path: Path, text: str) -> None:
    """As editors do: written beside it, and moved over it."""
    new = path.with_suffix(".new")
    new.write_text(text)
    new.replace(path)


async def test_a_file_that_is_written_replaced_made_or_removed(tmp_path: Path):
    path = tmp_path / "gateway.toml"
    async with watched(path) as files:
        await after(files, lambda: path.write_text("made"))
        await after(files, lambda: path.write_text("written"))
        await after(files, lambda: replace(path, "replaced"))
        await after(files, path.unlink)


async def test_a_file_behind_a_link_that_changes_as_in_kubernetes(tmp_path: Path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "gateway.toml").write_text(name)
    (tmp_path / "data").symlink_to("one")
    (tmp_path / "gateway.toml").symlink_to("data/gateway.toml")

    def switch() -> None:
        (tmp_path / "new").symlink_to("two")
        (tmp_path / "new").replace(tmp_path / "data")

    async with watched(tmp_path / "gateway.toml") as files:
        await after(files, switch)


async def test_a_change_before_anybody_looked_is_noticed(tmp_path: Path):
    path = tmp_path / "gateway.toml"
    async with watched(path) as files:
        path.write_text("early")
        await after(files, lambda: None)


async def test_a_folder_that_is_not_there_yet(tmp_path: Path):
    path = tmp_path / "later" / "gateway.toml"

    def make() -> None:
        path.parent.mkdir()
        path.write_text("made")

    async with watched(path) as files:
        await after(files, make)


async def test_an_empty_file_is_waited_for_until_it_is_written(tmp_path: Path):
    path = tmp_path / "gateway.toml"
    path.write_text("old")
    async with watched(path) as files, aclosing(files.changes()) as changes:
        noticed = asyncio.ensure_future(anext(changes))
        with path.open("w") as file:
            for _ in range(3):
                await asyncio.wait({noticed}, timeout=module.SETTLE_SECONDS / 2)
                file.write("more")
                file.flush()
        async with asyncio.timeout(PATIENCE):
            await noticed
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(2 * module.LOOK_SECONDS):
                await anext(changes)
