"""Builds the one statement of a call from names and values, with bound parameters only."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from fastmcp.exceptions import ToolError
from sqlalchemy import Column, ColumnElement, Table, delete, insert, select, update
from sqlalchemy.sql.base import Executable
from sqlalchemy.sql.elements import UnaryExpression

from services.database.conditions import condition
from services.database.reflect import Tables
from services.database.values import read_value

Action = Literal["select", "insert", "update", "delete"]
Values = dict[str, Any]

_TAKES: dict[Action, frozenset[str]] = {
    "select": frozenset({"columns", "where", "order_by", "limit", "offset"}),
    "insert": frozenset({"columns", "values"}),
    "update": frozenset({"where", "values"}),
    "delete": frozenset({"where"}),
}
_PARTS = frozenset().union(*_TAKES.values())
_NEEDS: dict[Action, tuple[str, ...]] = {
    "select": (),
    "insert": ("values",),
    "update": ("values", "where"),
    "delete": ("where",),
}
_CURES = {
    "values": "Give an object of columns and their values.",
    "where": 'Give the condition; for every row, one that always holds, such as {"id": {"is_null": false}}.',
}
_NAMES_SHOWN = 50


@dataclass(frozen=True)
class Query:
    """One call of the tool `query`; its fields are described there."""

    action: Action
    table: str
    columns: list[str] | None = None
    where: Values | None = None
    values: Values | list[Values] | None = None
    order_by: list[str] | None = None
    limit: int | None = None
    offset: int | None = None


@dataclass(frozen=True)
class Statement:
    """What to execute, and with which rows of parameters (None: all are bound already)."""

    executable: Executable
    rows: list[Values] | None = None


class UnknownName(ToolError):
    """A table or column that the tables known so far do not have; newer ones may."""


def build(query: Query, tables: Tables, max_rows: int) -> Statement:
    """The statement for the query, reading one row more than it may give and inserting at most `max_rows`.

    Raises UnknownName for a table or column that is not there, ToolError for parts that do not belong to the
    action, are missing, or hold values of another type.
    """
    _require_parts(query)
    table = _table(tables, query.table)
    match query.action:
        case "select":
            return Statement(_select(query, table, max_rows))
        case "insert":
            return _insert(query, table, max_rows)
        case "update":
            return Statement(update(table).where(*_conditions(query, table)).values(_update_values(query, table)))
        case "delete":
            return Statement(delete(table).where(*_conditions(query, table)))


def rows_wanted(query: Query, max_rows: int) -> int:
    """How many rows the query may give at most."""
    return min(query.limit or max_rows, max_rows)


def _require_parts(query: Query) -> None:
    for part in sorted(_PARTS - _TAKES[query.action]):
        if getattr(query, part) is not None:
            raise ToolError(f"The action {query.action} takes no {part}. Leave it out.")
    for part in _NEEDS[query.action]:
        if not getattr(query, part):
            raise ToolError(f"The action {query.action} needs {part}. {_CURES[part]}")


def _select(query: Query, table: Table, max_rows: int) -> Executable:
    columns = _columns(table, query.columns, "columns") if query.columns else list(table.columns)
    order = [_ordering(table, name) for name in query.order_by or ()]
    return (
        select(*columns)
        .where(*_conditions(query, table))
        .order_by(*(order or table.primary_key.columns))
        .limit(rows_wanted(query, max_rows) + 1)
        .offset(query.offset)
    )


def _insert(query: Query, table: Table, max_rows: int) -> Statement:
    rows = query.values if isinstance(query.values, list) else [query.values or {}]
    if len(rows) > max_rows:
        raise ToolError(f"An insert takes at most {max_rows} rows at once. Insert the rest with further calls.")
    if not rows[0] or any(row.keys() != rows[0].keys() for row in rows):
        raise ToolError(
            "The rows of an insert must all name the same columns, at least one. Use null where one is empty."
        )
    returned = _columns(table, query.columns, "columns") if query.columns else list(table.primary_key.columns)
    return Statement(
        insert(table).returning(*(returned or table.columns)),
        [{column.name: value for column, value in _read(table, row)} for row in rows],
    )


def _update_values(query: Query, table: Table) -> dict[Column[Any], Any]:
    if not isinstance(query.values, Mapping):
        raise ToolError(
            "An update takes one object of values, not a list. Give the columns to change and their values."
        )
    return dict(_read(table, query.values))


def _read(table: Table, values: Mapping[str, Any]) -> Iterable[tuple[Column[Any], Any]]:
    columns = _columns(table, values, "values")
    return [(column, read_value(column, values[column.name], "values")) for column in columns]


def _conditions(query: Query, table: Table) -> list[ColumnElement[bool]]:
    where = query.where or {}
    columns = _columns(table, where, "where")
    return [test for column in columns for test in condition(column, where[column.name])]


def _ordering(table: Table, name: str) -> Column[Any] | UnaryExpression[Any]:
    if name.startswith("-") and name not in table.columns:
        return _columns(table, [name[1:]], "order_by")[0].desc()
    return _columns(table, [name], "order_by")[0]


def _table(tables: Tables, name: str) -> Table:
    if name not in tables:
        raise UnknownName(f"There is no such table. {_listed('The database has', tables)}")
    return tables[name]


def _columns(table: Table, names: Iterable[str], part: str) -> list[Column[Any]]:
    names = list(names)
    if not all(name in table.columns for name in names):
        raise UnknownName(
            f"In {part}, there is no such column. {_listed(f'Table {table.name!r} has', table.columns.keys())}"
        )
    return [table.columns[name] for name in names]


def _listed(start: str, names: Iterable[str]) -> str:
    names = sorted(names)
    more = f" and {len(names) - _NAMES_SHOWN} more" if len(names) > _NAMES_SHOWN else ""
    return f"{start} {', '.join(names[:_NAMES_SHOWN]) or 'none'}{more}."
