"""Runs one SELECT on a SQLite file that cannot write, open another file, or take more than its share.

Even if the check of its text let something through: the file is open for reading only, an authorizer allows reading
and nothing else, SQLite's limits bound its work, and its memory has a limit. Time is bounded by who
started the process.
"""

import base64
import math
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any
from urllib.parse import quote

from services.workers.job import Limits, Refused, encode

_LIMITS = {
    sqlite3.SQLITE_LIMIT_ATTACHED: 0,
    sqlite3.SQLITE_LIMIT_COLUMN: 500,
    sqlite3.SQLITE_LIMIT_COMPOUND_SELECT: 50,
    sqlite3.SQLITE_LIMIT_EXPR_DEPTH: 200,
    sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH: 200,
    sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH: 0,
    sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER: 0,
    sqlite3.SQLITE_LIMIT_VDBE_OP: 100_000,
    sqlite3.SQLITE_LIMIT_WORKER_THREADS: 0,
}
_ALLOWED = frozenset({sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE})
_REFUSED_FUNCTIONS = frozenset(
    {"edit", "fts3_tokenizer", "load_extension", "randomblob", "readfile", "writefile", "zeroblob"}
)
_NAMES = "The query names a table, column or function that is not there, or is no valid SQLite."
_WORDS = {
    "SQLITE_AUTH": "The query does more than read. Send one SELECT over tables.",
    "SQLITE_BUSY": "The database is locked by another process. Try again later.",
    "SQLITE_CANTOPEN": "The database cannot be opened. Check the path in the database url.",
    "SQLITE_ERROR": f"{_NAMES} Look at the tables with the tool schema.",
    "SQLITE_NOMEM": "The query needs more memory than it may use. Filter or aggregate earlier, or read fewer columns.",
    "SQLITE_NOTADB": "The database is a file of another kind. Check the path in the database url.",
    "SQLITE_READONLY": "The query does more than read. Send one SELECT over tables.",
    "SQLITE_TOOBIG": "A value or the query is too large. Ask for less at once.",
}
_UNKNOWN = "SQLite refused the query. Write it another way."


def run(sql: str, limits: Limits, path: str, max_rows: int) -> dict[str, Any]:
    """Columns and rows, as many as fit. Raises sqlite3.Error, MemoryError, and Refused for a row that is too large."""
    with closing(_open(path, limits)) as connection:
        cursor = connection.execute(sql)
        columns = [column[0] for column in cursor.description]
        rows, truncated = _taken(cursor, max_rows, limits.max_bytes - len(encode(columns)))
    return {"columns": columns, "rows": rows, "row_count": len(rows), "truncated": truncated}


def explain(sql: str, limits: Limits, path: str) -> dict[str, Any]:
    """The plan, a line for each step. Raises sqlite3.Error."""
    with closing(_open(path, limits)) as connection:
        steps = connection.execute(f"EXPLAIN QUERY PLAN {sql}").fetchall()
    depth = {0: -1}
    lines = []
    for number, parent, _, detail in steps:
        depth[number] = depth.get(parent, -1) + 1
        lines.append(f"{'  ' * depth[number]}{detail}")
    return {"plan": lines}


def told(error: sqlite3.Error | MemoryError) -> str:
    """What went wrong, without the query's own words, and what to do."""
    code = "SQLITE_NOMEM" if isinstance(error, MemoryError) else getattr(error, "sqlite_errorname", "")
    kind = "_".join(code.split("_")[:2])
    if isinstance(error, sqlite3.DataError):
        kind = "SQLITE_TOOBIG"
    return _WORDS.get(kind, _UNKNOWN)


def _open(path: str, limits: Limits) -> sqlite3.Connection:
    connection = sqlite3.connect(f"file:{quote(path)}?mode=ro", uri=True, isolation_level=None, timeout=limits.timeout)
    for pragma in (
        "query_only = ON",
        "trusted_schema = OFF",
        "temp_store = MEMORY",
        "mmap_size = 0",
        f"hard_heap_limit = {limits.memory_limit}",
    ):
        connection.execute(f"PRAGMA {pragma}").close()
    for limit, value in _LIMITS.items():
        connection.setlimit(limit, value)
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, limits.max_bytes)
    connection.set_authorizer(_authorize)
    return connection


def _authorize(action: int, first: str | None, second: str | None, _database: str | None, _source: str | None) -> int:
    if action not in _ALLOWED:
        return sqlite3.SQLITE_DENY
    if action == sqlite3.SQLITE_FUNCTION and str(second).lower() in _REFUSED_FUNCTIONS:
        return sqlite3.SQLITE_DENY
    if action == sqlite3.SQLITE_READ and str(first).lower().startswith(("sqlite_", "pragma_")):
        return sqlite3.SQLITE_DENY
    return sqlite3.SQLITE_OK


def _taken(found: Iterator[tuple[Any, ...]], max_rows: int, room: int) -> tuple[list[list[Any]], bool]:
    rows: list[list[Any]] = []
    for values in found:
        row = [_plain(value) for value in values]
        room -= len(encode(row)) + 1
        if len(rows) == max_rows or room < 0:
            if not rows:
                raise Refused("One row is larger than an answer may be. Select fewer columns, or parts of them.")
            return rows, True
        rows.append(row)
    return rows, False


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return base64.urlsafe_b64encode(value).decode()
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value
