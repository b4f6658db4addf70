"""What the values of one column are like, in figures."""

from typing import Any

from pydantic import BaseModel
from sqlalchemy import Boolean, Column, Integer, Select, cast, func, select

from services.database.reflect import ColumnInfo


class ColumnFigures(BaseModel, frozen=True):
    """One column with its figures."""

    column: ColumnInfo
    rows: int
    nulls: int
    distinct: int
    least: Any
    greatest: Any


def figures_of(column: Column[Any]) -> Select[Any]:
    """The statement that reads them, in the order of ColumnFigures."""
    ordered = cast(column, Integer) if isinstance(column.type, Boolean) else column
    filled = func.count(column)
    figures: list[Any] = [
        func.count(),
        func.count() - filled,
        func.count(column.distinct()),
        func.min(ordered),
        func.max(ordered),
    ]
    return select(*figures).select_from(column.table)
