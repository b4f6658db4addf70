"""A worker process: takes jobs from standard input, one JSON object a line, and answers each with one line and a block.

Run by the engine as `python -m services.data.worker LIMITS`, with LIMITS as JSON. A job has a `verb` and that verb's
arguments; an answer has a `result` or an `error`, and `last: true` when the process ends after it. In front of an
answer stands the length of the block of bytes that follows its line.
"""

import json
import os
import signal
import sys
from collections.abc import Callable, Collection
from contextlib import closing
from typing import Any

import duckdb
from duckdb import DuckDBPyConnection

from services.data.damage import reading
from services.data.datasets import Dataset, find_datasets, match, pick, unknown
from services.data.faults import ENDING, explain
from services.data.inline import load_rows
from services.data.job import ENVELOPE_BYTES, ROWS, Limits, Refused, encode
from services.data.profile import profile
from services.data.rows import CREATE_VIEW, answer
from services.data.sandbox import connect, seal
from services.data.statement import Statement, read_statement

if sys.platform != "win32":
    import resource

INTERPRETER_BYTES = 128 * 2**20
GRACE_SECONDS = 1.0


def main() -> None:
    limits = Limits(**json.loads(sys.argv[1]))
    _confine(limits)
    # The answers get standard output to themselves: what DuckDB may print goes to standard error.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    # Connecting takes longer than most queries, so the next job's connection is made before the job is here.
    connection = connect(limits.memory_limit)
    for line in sys.stdin.buffer:
        # The engine kills a late worker. The alarm ends one whose engine is gone, since nothing else would.
        _set_alarm(limits.timeout + GRACE_SECONDS)
        with closing(connection):
            reply, block = _perform(connection, json.loads(line), limits)
        _set_alarm(0)
        answers.write(b"%d %b\n" % (len(block), _bounded(reply, limits)))
        answers.write(block)
        answers.flush()
        if reply.get("last"):
            return
        connection = connect(limits.memory_limit)


def _perform(connection: DuckDBPyConnection, job: dict[str, Any], limits: Limits) -> tuple[dict[str, Any], bytes]:
    try:
        result, block = VERBS[job.pop("verb")](connection, limits, **job)
    except Refused as refused:
        return {"error": str(refused)}, b""
    except (duckdb.Error, MemoryError) as error:
        return {"error": explain(error, len(CREATE_VIEW)), "last": isinstance(error, ENDING)}, b""
    return {"result": result}, block


Given = tuple[dict[str, Any], bytes]


def _query(connection: DuckDBPyConnection, limits: Limits, sql: str, rows: list[dict[str, Any]] | None = None) -> Given:
    with reading(_open(connection, limits, sql, rows)):
        found = answer(connection, sql, limits)
    return found.first_page, b"\n".join(found.kept)


def _profile(connection: DuckDBPyConnection, limits: Limits, dataset: str) -> Given:
    found = pick(find_datasets(limits.roots), dataset)
    seal(connection, {found.name: found}, limits.max_file_bytes)
    with reading([found]):
        return profile(connection, found.name, limits), b""


VERBS: dict[str, Callable[..., Given]] = {"query": _query, "profile": _profile}


def _open(
    connection: DuckDBPyConnection, limits: Limits, sql: str, rows: list[dict[str, Any]] | None
) -> Collection[Dataset]:
    """Seals the connection around what `sql` reads: `rows` if there are any, and the data sets that it gives back.

    Raises Refused when the statement may not run, or names something else.
    """
    statement = read_statement(connection, sql)
    passed = frozenset({ROWS} if rows is not None else ())
    tables = _tables(statement, find_datasets(limits.roots), passed)
    if rows is not None:
        load_rows(connection, rows)
    seal(connection, tables, limits.max_file_bytes)
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


def _bounded(reply: dict[str, Any], limits: Limits) -> bytes:
    line = encode(reply)
    if len(line) > limits.max_bytes + ENVELOPE_BYTES:
        return encode({"error": "The result is too large. Ask for less of it with the tool query."})
    return line


def _confine(limits: Limits) -> None:
    """Takes the last means from a query that gets past DuckDB's own memory limit.

    DuckDB counts its blocks but not single values: `repeat`, `range` and their like take what they want. At twice the
    limit, and room for the interpreter, the operating system refuses (Linux does; others don't count this way).
    """
    if sys.platform == "win32":
        return
    wanted = 2 * limits.memory_limit + INTERPRETER_BYTES
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard))
    # A crash must not leave the data behind in a core file.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _set_alarm(seconds: float) -> None:
    """The kernel ends the process after `seconds`, whatever it is at; 0 calls that off."""
    if sys.platform != "win32":
        signal.setitimer(signal.ITIMER_REAL, seconds)


if __name__ == "__main__":
    main()
