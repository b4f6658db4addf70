"""A worker process: takes jobs from standard input, one JSON object a line, and answers each with one line.

Run by the engine as `python -m services.data.worker LIMITS`, with LIMITS as JSON. A job has a `verb` and that verb's
arguments; an answer has a `result` or an `error`, and `last: true` when the process ends after it.
"""

import json
import os
import signal
import sys
from collections.abc import Callable
from contextlib import closing
from typing import Any

import duckdb
from duckdb import DuckDBPyConnection

from services.data.datasets import Dataset, available, find_datasets, match, pick
from services.data.faults import ENDING, explain
from services.data.job import ENVELOPE_BYTES, Limits, Refused
from services.data.profile import profile
from services.data.rows import CREATE_VIEW, answer, encode
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
            reply = _perform(connection, json.loads(line), limits)
        _set_alarm(0)
        answers.write(_bounded(reply, limits) + b"\n")
        answers.flush()
        if reply.get("last"):
            return
        connection = connect(limits.memory_limit)


def _perform(connection: DuckDBPyConnection, job: dict[str, Any], limits: Limits) -> dict[str, Any]:
    try:
        return {"result": VERBS[job.pop("verb")](connection, limits, **job)}
    except Refused as refused:
        return {"error": str(refused)}
    except (duckdb.Error, MemoryError) as error:
        return {"error": explain(error, len(CREATE_VIEW)), "last": isinstance(error, ENDING)}


def _query(connection: DuckDBPyConnection, limits: Limits, sql: str) -> dict[str, Any]:
    statement = read_statement(connection, sql)
    seal(connection, _tables(statement, find_datasets(limits.roots)))
    return answer(connection, sql, limits)


def _profile(connection: DuckDBPyConnection, limits: Limits, dataset: str) -> dict[str, Any]:
    found = pick(find_datasets(limits.roots), dataset)
    seal(connection, {found.name: found})
    return profile(connection, found.name, limits)


VERBS: dict[str, Callable[..., dict[str, Any]]] = {"query": _query, "profile": _profile}


def _tables(statement: Statement, datasets: list[Dataset]) -> dict[str, Dataset]:
    tables: dict[str, Dataset] = {}
    for name in statement.tables:
        if dataset := match(datasets, name):
            tables[name] = dataset
        elif name.casefold() not in statement.ctes:
            raise Refused(f"The SQL reads from a table that is not a data set. {available(datasets)}")
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
