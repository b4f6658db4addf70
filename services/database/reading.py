"""Builds the statement that reads one page of a table, and makes the page of what it finds."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastmcp.exceptions import ToolError
from pydantic import BaseModel, Field
from sqlalchemy import Column, Row, Select, select

from services.database.conditions import conditions
from services.database.cursor import read_cursor, write_cursor
from services.database.names import find_columns, find_table
from services.database.order import Order, find_order
from services.database.reflect import Tables
from services.database.rows import Limits, fitting

KEYLESS = (
    "Table {!r} has no primary key, so its rows cannot be paged. "
    "Leave the cursor out, and narrow the query with where or raise limit."
)


class Page(BaseModel, frozen=True):
    """What a query read."""

    rows: list[dict[str, Any]]
    row_count: Annotated[int, Field(description="How many rows these are.")]
    truncated: Annotated[bool, Field(description="Whether more rows match.")] = False
    next_cursor: Annotated[
        str | None,
        Field(description="The cursor of the next page; null after the last, and for a table without a primary key."),
    ] = None


@dataclass(frozen=True)
class Query:
    """One call of the tool `query`; its fields are described there."""

    table: str
    columns: list[str] | None = None
    where: dict[str, Any] | None = None
    order_by: list[str] | None = None
    limit: int | None = None
    cursor: str | None = None

    @property
    def identity(self) -> list[Any]:
        """What a cursor of it belongs to."""
        return [self.table, self.where or {}, self.order_by or []]


@dataclass(frozen=True)
class Reading:
    """A statement that reads one row more than wanted. Behind the columns shown it has those of the order."""

    statement: Select[Any]
    shown: list[str]
    order: Order
    places: list[int]
    """Where in a row the values of the order stand."""
    wanted: int


def build_reading(query: Query, tables: Tables, max_rows: int) -> Reading:
    """The statement for the query.

    Raises UnknownName for a table or column that is not there, ToolError for values of another type, a cursor that is
    broken or belongs to another query, or one for a table without a key.
    """
    table = find_table(tables, query.table)
    shown = find_columns(table, query.columns, "columns") if query.columns else list(table.columns)
    order = find_order(table, query.order_by or [])
    wanted = min(query.limit or max_rows, max_rows)
    selected, places = _selected(shown, order)
    statement: Select[Any] = select(*selected).where(*conditions(table, query.where or {}))
    if query.cursor is not None:
        if not order.complete:
            raise ToolError(KEYLESS.format(table.name))
        statement = statement.where(order.after(read_cursor(query.identity, query.cursor, len(order.by))))
    statement = statement.order_by(*(each.by for each in order.by)).limit(wanted + 1)
    return Reading(statement, [column.name for column in shown], order, places, wanted)


def make_page(query: Query, reading: Reading, found: Sequence[Row[Any]], limits: Limits) -> Page:
    """The page of the rows found, as many as were wanted and fit. Raises ToolError when not even one fits."""
    rows = fitting(reading.shown, found[: reading.wanted], limits.max_bytes, "columns")
    truncated = len(found) > len(rows)
    following = None
    if truncated and reading.order.complete:
        last = found[len(rows) - 1]
        following = write_cursor(query.identity, [last[place] for place in reading.places])
    return Page(rows=rows, row_count=len(rows), truncated=truncated, next_cursor=following)


def _selected(shown: Sequence[Column[Any]], order: Order) -> tuple[list[Any], list[int]]:
    selected: list[Any] = list(shown)
    places = []
    for column in (each.column for each in order.by) if order.complete else ():
        place = next((number for number, each in enumerate(selected) if each is column), len(selected))
        if place == len(selected):
            selected.append(column)
        places.append(place)
    return selected, places
