"""The worker that runs SQL, as `process` says; DuckDB is in these processes only."""

from collections.abc import Callable, Collection
from contextlib import closing
from typing import Any

import duckdb
from duckdb import DuckDBPyConnection

from services.data.convert import convert, nameless_file
from services.data.damage import reading
from services.data.datasets import Dataset, find_datasets, match, pick, unknown
from services.data.faults import ENDING, explain
from services.data.inline import load_rows
from services.data.job import ROWS, Limits
from services.data.profile import profile
from services.data.rows import CREATE_VIEW, answer
from services.data.sandbox import connect, seal
from services.data.statement import Statement, read_statement
from services.data.text_rows import rows_of
from services.workers.job import Refused
from services.workers.process import serve

Given = tuple[dict[str, Any], bytes]


def main() -> None:
    # Connecting takes longer than most queries.
    serve(Limits, lambda limits: connect(limits.memory_limit), _perform)


def _perform(connection: DuckDBPyConnection, limits: Limits, job: dict[str, Any]) -> Given:
    try:
        with closing(connection):
            result, block = VERBS[job.pop("verb")](connection, limits, **job)
    except Refused as refused:
        return {"error": str(refused)}, b""
    except (duckdb.Error, MemoryError) as error:
        return {"error": explain(error, len(CREATE_VIEW)), "last": isinstance(error, ENDING)}, b""
    return {"result": result}, block


def _query(connection: DuckDBPyConnection, limits: Limits, sql: str, rows: list[dict[str, Any]] | None = None) -> Given:
    with reading(_open(connection, limits, sql, rows)):
        found = answer(connection, sql, limits)
    return found.first_page, b"\n".join(found.kept)


def _profile(connection: DuckDBPyConnection, limits: Limits, dataset: str) -> Given:
    found = pick(find_datasets(limits.roots), dataset)
    seal(connection, {found.name: found}, limits.max_file_bytes)
    with reading([found]):
        return profile(connection, found.name, limits), b""


def _convert(
    connection: DuckDBPyConnection,
    limits: Limits,
    to: str,
    sql: str,
    rows: list[dict[str, Any]] | None = None,
    text: str | None = None,
    text_format: str = "csv",
) -> Given:
    if text is not None:
        rows = [*(rows or []), *rows_of(text, text_format)]
    file, path = nameless_file()
    with file, reading(_open(connection, limits, sql, rows, writable=(path,))):
        return {}, convert(connection, sql, to, path, limits.max_bytes)


VERBS: dict[str, Callable[..., Given]] = {"query": _query, "profile": _profile, "convert": _convert}


def _open(
    connection: DuckDBPyConnection,
    limits: Limits,
    sql: str,
    rows: list[dict[str, Any]] | None,
    writable: Collection[str] = (),
) -> Collection[Dataset]:
    """Seals the connection around what `sql` reads: `rows` if there are any, and the data sets that it gives back; and
    around the files that we write ourselves.

    Raises Refused when the statement may not run, or names something else.
    """
    statement = read_statement(connection, sql)
    passed = frozenset({ROWS} if rows is not None else ())
    tables = _tables(statement, find_datasets(limits.roots), passed)
    if rows is not None:
        load_rows(connection, rows)
    seal(connection, tables, limits.max_file_bytes, writable)
    return tables.values()


def _tables(statement: Statement, datasets: list[Dataset], passed: frozenset[str]) -> dict[str, Dataset]:
    tables: dict[str, Dataset] = {}
    for name in statement.tables:
        if name.casefold() in passed:
            continue
        if dataset := match(datasets, name):
            tables[name] = dataset
        elif name.casefold() not in statement.ctes:
            raise Refused(f"The SQL reads from a table that is not a data set. {unknown(datasets, name)}")
    return tables


if __name__ == "__main__":
    main()
