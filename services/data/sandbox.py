"""A DuckDB connection, one for each job, that can read the job's data sets and nothing else."""

import glob
from collections.abc import Mapping

import duckdb
from duckdb import DuckDBPyConnection

from services.data.damage import reading, unreadable
from services.data.datasets import Dataset
from services.data.faults import ENDING

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
MAX_HEADER_BYTES = 65_536
DELIMITERS = ",;\t|"


def connect(memory_limit: int) -> DuckDBPyConnection:
    """An in-memory database that may use `memory_limit` bytes. Not sealed yet: run only our own SQL on it."""
    connection = duckdb.connect(":memory:", config={**CONFIG, "memory_limit": f"{memory_limit}B"})
    connection.execute("SET enable_progress_bar = false")
    connection.execute("SET errors_as_json = true")
    return connection


def seal(connection: DuckDBPyConnection, tables: Mapping[str, Dataset], max_file_bytes: int) -> None:
    """Makes `tables` the only names and the only files that can be read, for good: settings can't change any more.

    Raises Refused for a file that can't be read, or is larger than `max_file_bytes`.
    """
    paths = [path for dataset in tables.values() for path in (str(dataset.path), _pattern(dataset))]
    connection.execute(f"SET allowed_paths = [{', '.join(map(_literal, paths))}]")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    for name, dataset in tables.items():
        if dataset.path.stat().st_size > max_file_bytes:
            raise unreadable(dataset, f"its file is larger than the {max_file_bytes} bytes that are read of one")
        _create_view(connection, name, dataset)


def identifier(name: str) -> str:
    """`name` quoted for SQL."""
    return '"' + name.replace('"', '""') + '"'


def _create_view(connection: DuckDBPyConnection, name: str, dataset: Dataset) -> None:
    # Hive partitioning is off: it would make columns of the names of the operator's folders. So is skipping: DuckDB
    # leaves out the first lines of a CSV file, header included, when it likes the shape of later ones better.
    options = "hive_partitioning = false" + (", skip = 0" if dataset.reader == "read_csv" else "")
    source = f"{dataset.reader}({_literal(_pattern(dataset))}, {options})"
    try:
        with reading([dataset]):
            connection.execute(f"CREATE OR REPLACE VIEW {identifier(name)} AS FROM {source}")
            if dataset.reader == "read_csv":
                _refuse_ragged(connection, name, dataset)
    except duckdb.Error as error:
        if isinstance(error, ENDING):
            raise
        raise unreadable(dataset) from None


def _refuse_ragged(connection: DuckDBPyConnection, name: str, dataset: Dataset) -> None:
    """Raises an error that names the line where a CSV file's columns don't add up.

    In a small file with such a line DuckDB finds no delimiter, and makes one column of all: a table of nonsense.
    """
    (only, *_), *others = connection.execute(f"SELECT * FROM {identifier(name)} LIMIT 0").description
    delimiter = next((each for each in DELIMITERS if each in only), None)
    if others or delimiter is None or _has_quotes(dataset):
        return
    columns = ", ".join(f"'c{number}': 'VARCHAR'" for number in range(only.count(delimiter) + 1))
    connection.execute(
        f"SELECT count(*) FROM read_csv({_literal(_pattern(dataset))}, delim = {_literal(delimiter)}, quote = '\"', "
        f"header = true, auto_detect = false, hive_partitioning = false, columns = {{{columns}}})"
    )


def _has_quotes(dataset: Dataset) -> bool:
    """Whether the first line quotes a name, which may hold a delimiter then."""
    with dataset.path.open("rb") as file:
        return b'"' in file.readline(MAX_HEADER_BYTES)


def _pattern(dataset: Dataset) -> str:
    # DuckDB takes every path for a pattern. It checks the pattern as well as the files that match.
    return glob.escape(str(dataset.path))


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
