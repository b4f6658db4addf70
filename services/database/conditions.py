"""Builds the condition of a statement from the `where` of a call."""

import operator
from collections.abc import Callable, Mapping
from typing import Any

from fastmcp.exceptions import ToolError
from sqlalchemy import Column, ColumnElement, String, Table

from services.database.names import find_columns
from services.database.values import read_value

MAX_LIST = 1000

Build = Callable[[Column[Any], Any], ColumnElement[bool]]


def conditions(table: Table, where: Mapping[str, Any]) -> list[ColumnElement[bool]]:
    """What must hold of a row. Raises UnknownName for a column that is not there, ToolError as `condition` does."""
    columns = find_columns(table, where, "where")
    return [test for column in columns for test in condition(column, where[column.name])]


def condition(column: Column[Any], test: Any) -> list[ColumnElement[bool]]:
    """What must hold of the column: equal to a value, or every `{operator: operand}` of an object.

    Raises ToolError for an unknown operator or an operand that is not of the column's type.
    """
    operations = test if isinstance(test, Mapping) else {"eq": test}
    if not operations or not _OPERATORS.keys() >= operations.keys():
        raise ToolError(
            f"In where, column {column.name!r} takes a value, or an object of one or more of "
            f"{', '.join(_OPERATORS)} with their operands."
        )
    return [_OPERATORS[name](column, operand) for name, operand in operations.items()]


def _compare(compare: Callable[[Any, Any], ColumnElement[bool]]) -> Build:
    def build(column: Column[Any], operand: Any) -> ColumnElement[bool]:
        if operand is None:
            raise ToolError(f"In where, column {column.name!r} cannot be compared with null. Use is_null.")
        return compare(column, read_value(column, operand, "where"))

    return build


def _equal(column: Column[Any], operand: Any) -> ColumnElement[bool]:
    return column == read_value(column, operand, "where")


def _not_equal(column: Column[Any], operand: Any) -> ColumnElement[bool]:
    return column != read_value(column, operand, "where")


def _like(column: Column[Any], operand: Any) -> ColumnElement[bool]:
    if not isinstance(column.type, String):
        raise ToolError(f"In where, column {column.name!r} is not text, which like needs. Use another operator.")
    return column.like(read_value(column, operand, "where"))


def _in(column: Column[Any], operand: Any) -> ColumnElement[bool]:
    if not isinstance(operand, list) or len(operand) > MAX_LIST:
        raise ToolError(
            f"In where, the operator in of column {column.name!r} takes a list of at most {MAX_LIST} values."
        )
    return column.in_([read_value(column, item, "where") for item in operand])


def _is_null(column: Column[Any], operand: Any) -> ColumnElement[bool]:
    if not isinstance(operand, bool):
        raise ToolError(f"In where, the operator is_null of column {column.name!r} takes true or false.")
    return column.is_(None) if operand else column.is_not(None)


_OPERATORS: dict[str, Build] = {
    "eq": _equal,
    "ne": _not_equal,
    "lt": _compare(operator.lt),
    "le": _compare(operator.le),
    "gt": _compare(operator.gt),
    "ge": _compare(operator.ge),
    "like": _like,
    "in": _in,
    "is_null": _is_null,
}
