"""Builds the one statement that inserts, updates or deletes rows, from names and values, with bound parameters only."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from fastmcp.exceptions import ToolError
from pydantic import BaseModel, Field
from sqlalchemy import Column, Table, delete, insert, update
from sqlalchemy.sql.base import Executable

from services.database.conditions import conditions
from services.database.names import find_columns, find_table
from services.database.reflect import Tables
from services.database.values import read_value

Action = Literal["insert", "update", "delete"]
Values = dict[str, Any]

_TAKES: dict[Action, frozenset[str]] = {
    "insert": frozenset({"values"}),
    "update": frozenset({"where", "values"}),
    "delete": frozenset({"where"}),
}
_NEEDS: dict[Action, tuple[str, ...]] = {
    "insert": ("values",),
    "update": ("values", "where"),
    "delete": ("where",),
}
_CURES = {
    "values": "Give an object of columns and their values.",
    "where": 'Give the condition; for every row, one that always holds, such as {"id": {"is_null": false}}.',
}


class Written(BaseModel, frozen=True):
    """What was changed, or in a dry run would be."""

    rows: Annotated[list[dict[str, Any]], Field(description="Of the rows written, the columns asked for in returning.")]
    row_count: Annotated[int, Field(description="How many rows were written, or in a dry run would be.")]
    truncated: Annotated[bool, Field(description="Whether rows were written that are not among these.")] = False
    dry_run: Annotated[bool, Field(description="Whether all was undone again.")] = False


@dataclass(frozen=True)
class Change:
    """One call of the tool `write`; its fields are described there."""

    action: Action
    table: str
    values: Values | list[Values] | None = None
    where: Values | None = None
    returning: list[str] | None = None


@dataclass(frozen=True)
class Writing:
    """What to execute, with which rows of parameters (None: all are bound already), and the columns it gives back."""

    statement: Executable
    rows: list[Values] | None
    returned: list[str]


def build_writing(change: Change, tables: Tables, max_rows: int) -> Writing:
    """The statement for the change, inserting at most `max_rows`.

    Raises UnknownName for a table or column that is not there, ToolError for parts that do not belong to the
    action, are missing, or hold values of another type.
    """
    _require_parts(change)
    table = find_table(tables, change.table)
    returned = _returned(change, table)
    where = conditions(table, change.where or {})
    match change.action:
        case "insert":
            rows = _rows(change, table, max_rows)
            return Writing(insert(table).returning(*returned), rows, [column.name for column in returned])
        case "update":
            statement = update(table).where(*where).values(_update_values(change, table))
        case "delete":
            statement = delete(table).where(*where)
    if returned:
        statement = statement.returning(*returned)
    return Writing(statement, None, [column.name for column in returned])


def _require_parts(change: Change) -> None:
    for part in ("values", "where"):
        if part not in _TAKES[change.action] and getattr(change, part) is not None:
            raise ToolError(f"The action {change.action} takes no {part}. Leave it out.")
    for part in _NEEDS[change.action]:
        if not getattr(change, part):
            raise ToolError(f"The action {change.action} needs {part}. {_CURES[part]}")


def _returned(change: Change, table: Table) -> list[Column[Any]]:
    """What was asked for; of an insert, the primary key where nothing was."""
    if change.returning:
        return find_columns(table, change.returning, "returning")
    if change.action == "insert":
        return list(table.primary_key.columns) or list(table.columns)
    return []


def _rows(change: Change, table: Table, max_rows: int) -> list[Values]:
    rows = change.values if isinstance(change.values, list) else [change.values or {}]
    if len(rows) > max_rows:
        raise ToolError(f"An insert takes at most {max_rows} rows at once. Insert the rest with further calls.")
    if not rows[0] or any(row.keys() != rows[0].keys() for row in rows):
        raise ToolError(
            "The rows of an insert must all name the same columns, at least one. Use null where one is empty."
        )
    return [{column.name: value for column, value in _read(table, row)} for row in rows]


def _update_values(change: Change, table: Table) -> dict[Column[Any], Any]:
    if not isinstance(change.values, Mapping):
        raise ToolError(
            "An update takes one object of values, not a list. Give the columns to change and their values."
        )
    return dict(_read(table, change.values))


def _read(table: Table, values: Mapping[str, Any]) -> Iterable[tuple[Column[Any], Any]]:
    columns = find_columns(table, values, "values")
    return [(column, read_value(column, values[column.name], "values")) for column in columns]
