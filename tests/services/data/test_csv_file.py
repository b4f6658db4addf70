"""Dialects of CSV that are found, and no lines left out unsaid."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from duckdb import DuckDBPyConnection

from services.data.csv_file import csv_options
from services.data.datasets import find_datasets
from services.data.sandbox import seal

LARGEST = 2**30


@pytest.mark.parametrize(
    ("text", "types", "row"),
    [
        ("a;b\n1;x\n", "BIGINT VARCHAR", (1, "x")),
        ("a\tb\n1\t2.5\n", "BIGINT DOUBLE", (1, 2.5)),
        ("a|b\n1|true\n", "BIGINT BOOLEAN", (1, True)),
        ('a,"b ""c"""\n1,"x, ""y"""\n', "BIGINT VARCHAR", (1, 'x, "y"')),
        ("a,b\r\n1,x\r\n", "BIGINT VARCHAR", (1, "x")),
        ("# made by hand\na,b\n1,x\n", "BIGINT VARCHAR", (1, "x")),
        ("1,x\n2,y\n", "BIGINT VARCHAR", (1, "x")),
        ("it's,it's\n1,2\n", "BIGINT BIGINT", (1, 2)),
        ("a\n1\n", "BIGINT", (1,)),
    ],
)
def test_the_dialect_is_found(fresh: DuckDBPyConnection, root: Path, text: str, types: str, row: tuple[Any]) -> None:
    (root / "fruit.csv").write_text(text)
    seal(fresh, {each.name: each for each in find_datasets([str(root)])}, LARGEST)
    found = fresh.execute("FROM fruit")
    assert " ".join(str(kind) for _, kind, *_ in found.description) == types
    assert found.fetchone() == row


@pytest.mark.parametrize("day", ["31/12/2025", "31.12.2025", "2025-12-31"])
def test_dates_are_read_in_the_format_that_was_found(fresh: DuckDBPyConnection, root: Path, day: str) -> None:
    (root / "fruit.csv").write_text(f"day,number\n{day},1\n")
    seal(fresh, {each.name: each for each in find_datasets([str(root)])}, LARGEST)
    assert fresh.execute("SELECT day + 1 FROM fruit").fetchall() == [(date(2026, 1, 1),)]


def test_a_file_is_looked_at_once(fresh: DuckDBPyConnection, root: Path) -> None:
    (dataset,) = find_datasets([str(root)])
    assert csv_options(fresh, dataset, str(dataset.path)).startswith("auto_detect = false, skip = 0, header = True")
