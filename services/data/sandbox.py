"""A DuckDB connection, one for each job, that can read the job's data sets and nothing else."""

import glob
from collections.abc import Mapping

import duckdb
from duckdb import DuckDBPyConnection

from services.data.datasets import Dataset
from services.data.faults import ENDING
from services.data.job import Refused

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


def seal(connection: DuckDBPyConnection, tables: Mapping[str, Dataset]) -> None:
    """Makes `tables` the only names and the only files that can be read, for good: settings can't change any more."""
    paths = [path for dataset in tables.values() for path in (str(dataset.path), _pattern(dataset))]
    connection.execute(f"SET allowed_paths = [{', '.join(map(_literal, paths))}]")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    for name, dataset in tables.items():
        _create_view(connection, name, dataset)


def identifier(name: str) -> str:
    """`name` quoted for SQL."""
    return '"' + name.replace('"', '""') + '"'


def _create_view(connection: DuckDBPyConnection, name: str, dataset: Dataset) -> None:
    # Hive partitioning is off: it would make columns of the names of the operator's folders.
    source = f"{dataset.reader}({_literal(_pattern(dataset))}, hive_partitioning = false)"
    try:
        connection.execute(f"CREATE OR REPLACE VIEW {identifier(name)} AS FROM {source}")
    except duckdb.Error as error:
        if isinstance(error, ENDING):
            raise
        raise Refused(
            f"The data set {dataset.name} can't be read: its file is damaged, closed to us, or not what its name says. "
            "Replace the file, or ask for another data set."
        ) from None


def _pattern(dataset: Dataset) -> str:
    # DuckDB takes every path for a pattern. It checks the pattern as well as the files that match.
    return glob.escape(str(dataset.path))


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
