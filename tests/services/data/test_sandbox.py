"""What a sealed connection can do by itself, without the check of the statement in front of it."""

from pathlib import Path

import duckdb
import pytest
from duckdb import DuckDBPyConnection

from services.data.datasets import find_datasets
from services.data.quoting import identifier
from services.data.sandbox import seal
from services.workers.job import Refused

LARGEST = 2**30


def test_a_sealed_connection_reads_its_tables(sealed: DuckDBPyConnection) -> None:
    assert sealed.execute("SELECT count(*), min(name) FROM fruit").fetchall() == [(3, "apple")]


@pytest.mark.parametrize(
    "sql",
    [
        "FROM read_csv('{outside}')",
        "FROM read_text('{outside}')",
        "FROM read_csv('{root}/../outside.csv')",
        "FROM read_csv('{root}/*.csv')",
        "FROM '{outside}'",
        "FROM glob('{root}/*')",
        "FROM sniff_csv('{outside}')",
        "FROM read_text('/proc/self/environ')",
        "FROM 'https://127.0.0.1/x.csv'",
        "ATTACH '{root}/new.db'",
        "COPY fruit TO '{root}/new.csv'",
        "EXPORT DATABASE '{root}/new'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "SET allowed_paths = ['{outside}']",
        "SET memory_limit = '8GB'",
        "RESET lock_configuration",
        "PRAGMA enable_profiling",
        "CALL enable_logging(storage = 'file', storage_config = {{'path': '{root}/log'}})",
    ],
)
def test_a_sealed_connection_does_nothing_else(sealed: DuckDBPyConnection, root: Path, outside: Path, sql: str) -> None:
    with pytest.raises(duckdb.Error):
        sealed.execute(sql.format(root=root, outside=outside)).fetchall()
    assert [path.name for path in root.iterdir()] == ["fruit.csv"]


def test_variables_of_python_are_no_tables(sealed: DuckDBPyConnection) -> None:
    rows = sealed.execute("FROM fruit")
    assert rows is sealed
    with pytest.raises(duckdb.CatalogException):
        sealed.execute("FROM rows")


def test_names_and_paths_may_hold_any_character(fresh: DuckDBPyConnection, root: Path) -> None:
    names = ["g[1].csv", "it's.csv", 'a"b.csv', "star*.csv", "what?.csv", "year=2025/plain.csv"]
    (root / "year=2025").mkdir()
    for name in [*names, "g1.csv", "starry.csv"]:
        (root / name).write_text(f"a\n{len(name)}\n")
    tables = {dataset.relative: dataset for dataset in find_datasets([str(root)])}
    seal(fresh, tables, LARGEST)
    for name in names:
        assert fresh.execute(f"FROM {identifier(name)}").fetchall() == [(len(name),)]


def test_a_damaged_file_is_named_without_its_path(fresh: DuckDBPyConnection, root: Path) -> None:
    (root / "broken.parquet").write_text("this is no parquet")
    broken = {dataset.name: dataset for dataset in find_datasets([str(root)])}
    with pytest.raises(Refused, match="The data set broken can't be read") as refused:
        seal(fresh, broken, LARGEST)
    assert str(root) not in str(refused.value)
