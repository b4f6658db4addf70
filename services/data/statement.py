"""What a caller's SQL may be: one statement that only reads, over data sets and harmless functions.

DuckDB's statement type is not enough. Since 2.0 `WITH x AS (COPY ... TO 'file') FROM x` counts as a SELECT, and writes
over any file that the connection may read. So the parse tree is checked, against lists of what is allowed.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from duckdb import DuckDBPyConnection

from services.workers.job import Refused

# Every query node that reads. Those of INSERT, UPDATE, DELETE and COPY, and any that a later DuckDB adds, are refused.
READING_NODES = frozenset({"SELECT_NODE", "SET_OPERATION_NODE", "CTE_NODE", "RECURSIVE_CTE_NODE"})

# All others are refused: they read files, run SQL given as text, dereference pointers or show the engine's insides.
TABLE_FUNCTIONS = frozenset({"generate_series", "json_each", "json_tree", "range", "repeat", "unnest"})

# Functions that look at the engine or its machine (settings and plans hold file paths), write to its log, or put text
# of the caller's into errors.
REFUSED_FUNCTIONS = frozenset({"current_setting", "error", "getvariable", "json_serialize_plan", "write_log"})

# Views of DuckDB's own, which say where files are. A name that one WITH gives is free in all of the statement.
BUILT_IN = ("duckdb_", "pragma_", "sqlite_", "pg_")
ONE_SELECT = (
    "Send one SELECT statement (WITH, VALUES, set operations, DESCRIBE and SUMMARIZE are fine too; "
    "PIVOT needs its values listed: PIVOT ... ON column IN (...))."
)


@dataclass(frozen=True)
class Statement:
    """What a statement that may run reads from. `ctes` are the names that it defines itself, in lower case."""

    tables: frozenset[str]
    ctes: frozenset[str]


def read_statement(connection: DuckDBPyConnection, sql: str) -> Statement:
    """Parses `sql` with DuckDB's own parser, without running it. Raises Refused when it may not run."""
    tree = _parse(connection, sql)
    if len(tree["statements"]) != 1:
        raise Refused(f"The SQL does not hold exactly one statement. {ONE_SELECT}")
    tables: set[str] = set()
    ctes: set[str] = set()
    for node in _nodes(tree):
        _refuse_unsafe(node)
        if node.get("type") == "BASE_TABLE":
            tables.add(_table_name(node))
        ctes.update(entry["key"].casefold() for entry in node.get("cte_map", {}).get("map", []))
    if any(name.startswith(BUILT_IN) for name in ctes):
        raise Refused("A WITH has the name of something that DuckDB itself has. Call it otherwise.")
    return Statement(frozenset(tables), frozenset(ctes))


def _parse(connection: DuckDBPyConnection, sql: str) -> dict[str, Any]:
    row = connection.execute("SELECT json_serialize_sql(?)", [sql]).fetchone()
    assert row is not None
    try:
        tree = json.loads(row[0])
    except RecursionError:
        raise Refused("The SQL is nested too deeply. Flatten it, for instance with WITH.") from None
    if not tree["error"]:
        return tree
    if tree["error_type"] == "parser":
        where = f" near character {int(tree['position']) + 1}" if "position" in tree else ""
        raise Refused(f"The SQL can't be parsed{where}. Correct it, or nest it less; the dialect is DuckDB's.")
    raise Refused(f"Only statements that read are allowed here. {ONE_SELECT}")


def _nodes(tree: dict[str, Any]) -> Iterator[dict[str, Any]]:
    waiting: list[Any] = [tree]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            yield value
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)


def _refuse_unsafe(node: dict[str, Any]) -> None:
    kind = node.get("type")
    if isinstance(kind, str) and kind.endswith("_NODE") and kind not in READING_NODES:
        raise Refused(f"Only statements that read are allowed here. {ONE_SELECT}")
    if kind == "TABLE_FUNCTION" and _function_name(node["function"]) not in TABLE_FUNCTIONS:
        allowed = ", ".join(sorted(TABLE_FUNCTIONS))
        raise Refused(f"A table function is used that is not allowed. Read data sets by name; allowed are: {allowed}.")
    if kind == "SHOW_REF" and node["query"] is None:
        raise Refused("SHOW is not allowed. DESCRIBE a data set instead, or use the tool profile.")
    if "function_name" in node and _function_name(node) in REFUSED_FUNCTIONS:
        raise Refused("A function is used that works on the engine instead of the data. Leave it out.")
    if kind == "VALUE_PARAMETER":
        raise Refused("The SQL has a placeholder, and nothing is bound to it. Write the value in its place.")


def _function_name(node: dict[str, Any]) -> str:
    return node["function_name"].lower()


def _table_name(node: dict[str, Any]) -> str:
    path = node["qualified_name"]["path"]
    if len(path) != 1:
        raise Refused("A table is named with a schema or database. Name data sets alone, as in: SELECT * FROM name.")
    return path[0]
