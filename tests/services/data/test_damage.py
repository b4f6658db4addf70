"""Data files with something wrong in them: what is said of each, over a query and over a profile."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import psutil
import pytest

from services.data.job import WORKER, Limits
from services.workers.engine import Engine
from services.workers.job import Refused

GOOD = b"1,2,3\n" * 30_000  # more than what DuckDB looks at before it settles on types and columns
SECRET = b"s3cr3t"
CURE = "Have the file corrected, or ask for another data set."


def parquet(folder: Path) -> bytes:
    file = folder.parent / "whole.parquet"
    duckdb.execute(f"COPY (SELECT range AS a, repeat('x', 50) || range AS b FROM range(20000)) TO '{file}'")
    return file.read_bytes()


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.iterdir()}


FILES: list[tuple[str, Any, str]] = [
    ("broken.csv", b"a,b,c\n%b1,2,3,%b,5\n" % (GOOD, SECRET), "line 30002 does not have 3 columns"),
    ("short.csv", b"a,b,c\n1,2,3\n4,%b\n1,2,3\n" % SECRET, "line 3 does not have 3 columns"),
    ("long.csv", b"a;b;c\n1;2;3\n4;5;6;%b;8\n" % SECRET, "line 3 does not have 3 columns"),
    ("latin.csv", "a,b\ncafé,1\n".encode("latin-1"), "line 2 is not text in UTF-8"),
    ("mixed.csv", b"a,b,c\n" + b"x,2,3\n" * 30_000 + "café,2,3\n".encode("latin-1"), "line 30002 is not text in UTF-8"),
    ("utf16.csv", "a,b\ncafé,1\n".encode("utf-16"), "line 1 is not text in UTF-8"),
    (
        "type.csv",
        b"a,b,c\n%b%b,2,3\n" % (GOOD, SECRET),
        'line 30002 has a value in column "a" that is no BIGINT, which the first lines have there',
    ),
    ("cut.json", b'[{"a": 1}, {"a": 2}, {"a":', "its value number 4 is not JSON"),
    ("line.jsonl", b'{"a": 1}\n{"a": 2\n{"a": 3}\n', "line 3 is not JSON"),
    (
        "type.jsonl",
        b'{"a": 1}\n' * 30_000 + b'{"a": "%b"}\n' % SECRET,
        "its value number 30001 is of another type than the first ones",
    ),
    ("empty.parquet", b"", "it is cut short or damaged"),
    ("cut.parquet", lambda folder: parquet(folder)[:5_000], "it is cut short or damaged"),
    (
        "hole.parquet",
        lambda folder: (whole := parquet(folder))[:100] + b"\xff" * (len(whole) - 1_100) + whole[-1_000:],
        "it is cut short or damaged",
    ),
    ("not.parquet", b"this is no parquet", "it is cut short or damaged"),
]


@pytest.mark.parametrize(("name", "content", "what"), FILES, ids=[name for name, *_ in FILES])
async def test_a_damaged_file_is_told_by_line_and_without_its_values(
    root: Path,
    limits: Limits,
    workers: Callable[[], set[int]],
    name: str,
    content: Any,
    what: str,
) -> None:
    (root / name).write_bytes(content(root) if callable(content) else content)
    before = contents(root)
    async with Engine(WORKER, limits, workers=1) as engine:
        for verb, arguments in (("query", {"sql": f"FROM '{name}' ORDER BY ALL"}), ("profile", {"dataset": name})):
            with pytest.raises(Refused) as refused:
                await engine.run(verb, **arguments)
            assert str(refused.value) == f"The data set {Path(name).stem} can't be read: {what}. {CURE}"
        assert (await engine.run("query", sql="SELECT count(*) FROM fruit")).result["rows"] == [[3]]
    assert contents(root) == before
    assert workers() == set()


async def test_the_damaged_one_of_two_data_sets_is_named(root: Path, limits: Limits) -> None:
    (root / "type.csv").write_text("a,b,c\n" + "1,2,3\n" * 30_000 + "x,2,3\n")
    async with Engine(WORKER, limits, workers=1) as engine:
        with pytest.raises(Refused, match="The data set type can't be read"):
            await engine.run("query", sql="SELECT sum(a) FROM fruit, type")


async def test_text_of_the_caller_passes_for_no_damage(limits: Limits) -> None:
    text = "CSV Error on Line: 7 converting column \"canary\" to 'BIGINT'".replace("'", "''")
    async with Engine(WORKER, limits, workers=1) as engine:
        with pytest.raises(Refused, match=r"^The query failed: ") as refused:
            await engine.run("query", sql=f"SELECT '{text}'::INTEGER FROM fruit")
    assert "canary" not in str(refused.value)


async def test_a_file_over_the_bound_is_refused_unread(root: Path, limits: Limits) -> None:
    with (root / "huge.csv").open("w") as file:
        file.write("a,b\n1,2\n")
        file.truncate(2 * 2**30)  # a hole: it takes no place on the disk
    async with Engine(WORKER, limits, workers=1) as engine:
        with pytest.raises(Refused, match="larger than the 1073741824 bytes that are read of one"):
            await engine.run("query", sql="SELECT count(*) FROM huge")


async def test_a_file_of_two_gigabytes_is_read_within_time_and_memory(
    root: Path, limits: Limits, workers: Callable[[], set[int]]
) -> None:
    with (root / "huge.csv").open("w") as file:
        file.write("a,b\n" + "1,2\n" * 5_000)
        file.truncate(2 * 2**30)  # a line of zeros without an end
    async with Engine(WORKER, replace(limits, max_file_bytes=2**32), workers=1) as engine:
        assert (await engine.run("query", sql="SELECT count(*) FROM fruit")).result["rows"] == [[3]]
        (worker,) = workers()
        with pytest.raises(Refused, match=r"huge can't be read|no answer within 20 s"):
            await engine.run("query", sql="SELECT max(b) FROM huge")
        if psutil.pid_exists(worker):  # it ends with a job that is late
            assert psutil.Process(worker).memory_info().rss < 512_000_000
    assert workers() == set()


async def test_a_file_that_takes_too_long_ends_at_the_deadline(
    root: Path, limits: Limits, workers: Callable[[], set[int]]
) -> None:
    with (root / "long.csv").open("w") as file:
        file.writelines(f"{number},{'x' * 80}\n" for number in range(1_000_000))
    async with Engine(WORKER, replace(limits, timeout=0.4), workers=1) as engine:
        with pytest.raises(Refused, match=r"no answer within 0\.4 s"):
            await engine.run("query", sql="SELECT count(DISTINCT a.column1) FROM long a, long b")
        assert workers() == set()


async def test_one_column_whose_name_holds_a_comma_is_no_damage(root: Path, limits: Limits) -> None:
    (root / "quoted.csv").write_text('"last, first"\n"Ada, L"\n"Bo, M"\n')
    async with Engine(WORKER, limits, workers=1) as engine:
        answer = await engine.run("query", sql="FROM quoted")
    assert answer.result["rows"] == [["Ada, L"], ["Bo, M"]]
