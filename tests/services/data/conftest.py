"""A folder of small data sets, a secret beside it, and sealed connections to ask."""

from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from duckdb import DuckDBPyConnection

from services.data.datasets import find_datasets
from services.data.job import Limits
from services.data.sandbox import connect, seal

CANARY = "canary-7f3a"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """One data set, `fruit`."""
    folder = tmp_path / "root"
    folder.mkdir()
    (folder / "fruit.csv").write_text(
        "name,price,picked\napple,1.5,2025-03-01\npear,,2025-03-02\nplum,3.0,2025-03-04\n"
    )
    return folder


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A file that nothing may read."""
    file = tmp_path / "outside.csv"
    file.write_text(f"secret\n{CANARY}\n")
    return file


@pytest.fixture
def limits(root: Path) -> Limits:
    return Limits(
        roots=(str(root),),
        timeout=20,
        max_rows=100,
        max_bytes=100_000,
        memory_limit=256_000_000,
        max_file_bytes=2**30,
        keep_rows=1_000,
        keep_bytes=1_000_000,
    )


@pytest.fixture
def workers() -> Callable[[], set[int]]:
    """Tells the process ids of our data workers; other tests in this process may have children too."""

    def running() -> set[int]:
        children = psutil.Process().children()
        return {child.pid for child in children if "services.data.worker" in child.cmdline()}

    return running


@pytest.fixture
def fresh(limits: Limits) -> Iterator[DuckDBPyConnection]:
    """A connection that is not sealed."""
    with connect(limits.memory_limit) as connection:
        yield connection


@pytest.fixture
def sealed(fresh: DuckDBPyConnection, root: Path, limits: Limits) -> DuckDBPyConnection:
    """A connection that reads `fruit` and nothing else."""
    seal(fresh, {dataset.name: dataset for dataset in find_datasets([str(root)])}, limits.max_file_bytes)
    return fresh
