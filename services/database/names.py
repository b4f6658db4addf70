"""Finds tables and columns by the names that a call gives, and says which there are when one is not there."""

from collections.abc import Iterable
from typing import Any

from fastmcp.exceptions import ToolError
from sqlalchemy import Column, Table

from services.database.reflect import Tables

_NAMES_SHOWN = 50


class UnknownName(ToolError):
    """A table or column that the tables known so far do not have; newer ones may."""


def find_table(tables: Tables, name: str) -> Table:
    """The table of that name. Raises UnknownName."""
    if name not in tables:
        raise UnknownName(f"There is no such table. {_listed('The database has', tables)}")
    return tables[name]


def find_columns(table: Table, names: Iterable[str], part: str) -> list[Column[Any]]:
    """The table's columns of these names, which `part` of the call gave. Raises UnknownName."""
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
