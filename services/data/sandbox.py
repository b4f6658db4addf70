"""A DuckDB connection, one for each job, that can read the job's data sets and nothing else."""

import glob
from collections.abc import Collection, Mapping

import duckdb
from duckdb import DuckDBPyConnection

from services.data.csv_file import csv_options
from services.data.damage import reading, unreadable
from services.data.datasets import Dataset
from services.data.faults import ENDING
from services.data.quoting import identifier, literal

# `temp_directory` empty: a query too big for its memory fails instead of filling the disk. Two threads, and none for
# asynchronous reads: local files need no more, and the machine is not ours alone. Python variables are not tables.
CONFIG: dict[str, str | bool | int] = {
    "async_threads": 0,
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "python_enable_replacements": False,
    "temp_directory": "",
    "threads": 2,
}


def connect(memory_limit: int) -> DuckDBPyConnection:
    """An in-memory database that may use `memory_limit` bytes. Not sealed yet: run only our own SQL on it."""
    connection = duckdb.connect(":memory:", config={**CONFIG, "memory_limit": f"{memory_limit}B"})
    connection.execute("SET enable_progress_bar = false")
    connection.execute("SET errors_as_json = true")
    return connection


def seal(
    connection: DuckDBPyConnection, tables: Mapping[str, Dataset], max_file_bytes: int, writable: Collection[str] = ()
) -> None:
    """Makes `tables` the only names and the only files that can be read, for good: settings can't change any more.

    The paths in `writable` can be opened too; it takes a statement that writes, which no caller's may be.

    Raises Refused for a file that can't be read, or is larger than `max_file_bytes`.
    """
    paths = [path for dataset in tables.values() for path in (str(dataset.path), glob.escape(str(dataset.path)))]
    connection.execute(f"SET allowed_paths = [{', '.join(map(literal, (*paths, *writable)))}]")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    for name, dataset in tables.items():
        if dataset.path.stat().st_size > max_file_bytes:
            raise unreadable(dataset, f"its file is larger than the {max_file_bytes} bytes that are read of one")
        _create_view(connection, name, dataset)


def _create_view(connection: DuckDBPyConnection, name: str, dataset: Dataset) -> None:
    pattern = glob.escape(str(dataset.path))  # DuckDB takes every path for a pattern, and checks that as well
    try:
        with reading([dataset]):
            # Hive partitioning is off: it would make columns of the names of the operator's folders.
            options = ["hive_partitioning = false"]
            if dataset.reader == "read_csv":
                options.append(csv_options(connection, dataset, pattern))
            source = f"{dataset.reader}({literal(pattern)}, {', '.join(options)})"
            connection.execute(f"CREATE OR REPLACE VIEW {identifier(name)} AS FROM {source}")
    except duckdb.Error as error:
        if isinstance(error, ENDING):
            raise
        raise unreadable(dataset) from None
