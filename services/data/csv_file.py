"""How to read a CSV file: looked at once, since DuckDB would look anew each time that a query is bound (80 ms)."""

from typing import Any

from duckdb import DuckDBPyConnection

from services.data.datasets import Dataset
from services.data.quoting import literal

DELIMITERS = ",;\t|"
MAX_HEADER_BYTES = 65_536
NONE = "(empty)"


def csv_options(connection: DuckDBPyConnection, dataset: Dataset, pattern: str) -> str:
    """The options for `read_csv`, as SQL, that fit the file that `pattern` matches. Raises duckdb.Error.

    No lines are skipped: left alone, DuckDB leaves out the first ones, header included, when it likes the shape of
    later ones better.
    """
    sniffed = connection.execute(
        "SELECT Delimiter, Quote, Escape, Comment, HasHeader, Columns, DateFormat, TimestampFormat "
        f"FROM sniff_csv({literal(pattern)}, skip = 0)"
    ).fetchone()
    assert sniffed is not None
    delimiter, quote, escape, comment, has_header, columns, date_format, timestamp_format = sniffed
    if len(columns) == 1 and not _quotes_header(dataset):
        _refuse_ragged(connection, columns[0]["name"], pattern)
    found: dict[str, str | None] = {
        "delim": delimiter,
        "quote": quote,
        "escape": escape,
        "comment": comment,
        "dateformat": date_format,
        "timestampformat": timestamp_format,
    }
    texts = (f"{key} = {literal('' if text == NONE else text)}" for key, text in found.items() if text is not None)
    return ", ".join(
        [f"auto_detect = false, skip = 0, header = {has_header}, columns = {_types(columns)}", *texts],
    )


def _types(columns: list[dict[str, Any]]) -> str:
    return "{" + ", ".join(f"{literal(each['name'])}: {literal(each['type'])}" for each in columns) + "}"


def _refuse_ragged(connection: DuckDBPyConnection, only: str, pattern: str) -> None:
    """Raises an error that names the line where a file's columns don't add up.

    In a small file with such a line DuckDB finds no delimiter, and makes one column of all: a table of nonsense.
    """
    delimiter = next((each for each in DELIMITERS if each in only), None)
    if delimiter is None:
        return
    columns = [{"name": f"c{number}", "type": "VARCHAR"} for number in range(only.count(delimiter) + 1)]
    connection.execute(
        f"SELECT count(*) FROM read_csv({literal(pattern)}, delim = {literal(delimiter)}, quote = '\"', header = true, "
        f"auto_detect = false, hive_partitioning = false, columns = {_types(columns)})"
    )


def _quotes_header(dataset: Dataset) -> bool:
    """Whether the first line quotes a name, which may hold a delimiter then."""
    with dataset.path.open("rb") as file:
        return b'"' in file.readline(MAX_HEADER_BYTES)
