"""Rows as files: what comes out, and that nothing stays."""

import json
import os
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from services.data.job import WORKER, Limits
from services.workers.engine import Engine
from services.workers.job import Refused

SQL = "SELECT name, price, picked FROM fruit WHERE price IS NOT NULL ORDER BY name"


async def converted(limits: Limits, to: str, sql: str = SQL) -> bytes:
    async with Engine(WORKER, limits, workers=1) as engine:
        return (await engine.run("convert", to=to, sql=sql)).block


async def test_text_formats(limits: Limits) -> None:
    assert await converted(limits, "csv") == b"name,price,picked\napple,1.5,2025-03-01\nplum,3.0,2025-03-04\n"
    rows = [
        {"name": "apple", "price": 1.5, "picked": "2025-03-01"},
        {"name": "plum", "price": 3, "picked": "2025-03-04"},
    ]
    assert json.loads(await converted(limits, "json")) == rows
    assert [json.loads(line) for line in (await converted(limits, "jsonl")).splitlines()] == rows


async def test_parquet_keeps_types(limits: Limits, tmp_path: Path) -> None:
    file = tmp_path / "out.parquet"
    file.write_bytes(await converted(limits, "parquet"))
    assert [str(kind) for _, kind, *_ in duckdb.execute(f"FROM '{file}'").description] == ["VARCHAR", "DOUBLE", "DATE"]


@pytest.mark.parametrize("to", ["csv", "json", "jsonl", "parquet"])
async def test_a_file_over_the_bound_is_refused_and_leaves_nothing(
    limits: Limits,
    root: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    to: str,
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    async with Engine(WORKER, replace(limits, max_bytes=10_000), workers=1) as engine:
        with pytest.raises(Refused, match="larger than the 10000 bytes"):
            await engine.run("convert", to=to, sql="SELECT hash(range) AS a FROM range(100000)")
        assert (await engine.run("convert", to="csv", sql="SELECT 1 AS a")).block == b"a\n1\n"
        assert os.listdir(tmp_path / "tmp") == []
    assert os.listdir(root) == ["fruit.csv"]


async def test_the_caller_reaches_no_open_file(limits: Limits) -> None:
    async with Engine(WORKER, limits, workers=1) as engine:
        for sql in ("FROM '/dev/fd/3'", "FROM read_csv('/dev/fd/4')", "COPY fruit TO '/dev/fd/3'"):
            with pytest.raises(Refused):
                await engine.run("convert", to="csv", sql=sql)
