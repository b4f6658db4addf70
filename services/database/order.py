"""The order of a page's rows, and what comes after a row in it.

Null counts as greater than every value, as in PostgreSQL, so that both kinds of database agree.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fastmcp.exceptions import ToolError
from sqlalchemy import Column, ColumnElement, Table, and_, false, or_, true, tuple_

from services.database.names import find_columns


@dataclass(frozen=True)
class Ordering:
    """One column to order by."""

    column: Column[Any]
    descending: bool = False

    @property
    def by(self) -> ColumnElement[Any]:
        """For ORDER BY. Where no null can be it is not mentioned, so that an index serves."""
        by = self.column.desc() if self.descending else self.column.asc()
        if not self.column.nullable:
            return by
        return by.nulls_first() if self.descending else by.nulls_last()

    def same(self, value: Any) -> ColumnElement[bool]:
        return self.column.is_(None) if value is None else self.column == value

    def after(self, value: Any) -> ColumnElement[bool]:
        if value is None:
            return self.column.is_not(None) if self.descending else false()
        if self.descending:
            return self.column < value
        later = self.column > value
        return or_(later, self.column.is_(None)) if self.column.nullable else later


@dataclass(frozen=True)
class Order:
    """The columns to order by. `complete` when no two rows can be equal in all of them, as pages need it."""

    by: tuple[Ordering, ...]
    complete: bool

    def after(self, values: Sequence[Any]) -> ColumnElement[bool]:
        """What holds of the rows that come after one that has these values in the columns to order by."""
        directions = {each.descending for each in self.by}
        if len(directions) == 1 and not any(each.column.nullable for each in self.by):
            row, last = tuple_(*(each.column for each in self.by)), tuple_(*values)
            return row < last if directions == {True} else row > last
        pairs = list(zip(self.by, values, strict=True))
        return or_(
            *(
                and_(true(), *(each.same(value) for each, value in pairs[:number]), ordering.after(value))
                for number, (ordering, value) in enumerate(pairs)
            )
        )


def find_order(table: Table, names: Sequence[str]) -> Order:
    """The order that the names ask for ('-' before one for descending), completed by the primary key.

    Raises UnknownName, and ToolError for a column that is named twice.
    """
    wanted = [_ordering(table, name) for name in names]
    named = {each.column.name for each in wanted}
    if len(named) < len(wanted):
        raise ToolError("In order_by, a column is named twice. Name each once.")
    key = table.primary_key.columns
    rest = [Ordering(column) for column in key if column.name not in named]
    return Order((*wanted, *rest), len(key) > 0)


def _ordering(table: Table, name: str) -> Ordering:
    descending = name.startswith("-") and name not in table.columns
    return Ordering(find_columns(table, [name[descending:]], "order_by")[0], descending)
