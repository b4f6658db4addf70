"""The order of rows: what it is made of, and when it is complete."""

import pytest
from fastmcp.exceptions import ToolError
from sqlalchemy import Column, Integer, MetaData, Table

from services.database.order import find_order


def table(*columns, key=()):
    named = [Column(name, Integer, primary_key=name in key, nullable=name == "empty") for name in columns]
    return Table("t", MetaData(), *named)


def names(order):
    return [("-" if each.descending else "") + each.column.name for each in order.by]


def test_the_key_makes_an_order_complete():
    one = table("a", "b", "c", key=("b", "a"))
    assert (names(find_order(one, [])), find_order(one, []).complete) == (["a", "b"], True)
    assert names(find_order(one, ["-c", "b"])) == ["-c", "b", "a"]
    assert names(find_order(one, ["-a"])) == ["-a", "b"]


def test_without_a_primary_key_it_is_not_complete():
    one = table("a", "empty")
    assert (names(find_order(one, ["-a"])), find_order(one, ["-a"]).complete) == (["-a"], False)


def test_a_column_named_twice_is_refused():
    with pytest.raises(ToolError, match="named twice"):
        find_order(table("a"), ["a", "-a"])


def test_one_direction_without_nulls_is_one_comparison_that_an_index_serves():
    one = table("a", "b", "empty", key=("a", "b"))
    assert str(find_order(one, []).after([1, 2])) == "(t.a, t.b) > (:param_1, :param_2)"
    assert str(find_order(one, ["-a", "-b"]).after([1, 2])) == "(t.a, t.b) < (:param_1, :param_2)"
    assert " OR " in str(find_order(one, ["empty"]).after([1, 2, 3]))
