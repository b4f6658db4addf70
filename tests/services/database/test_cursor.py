"""Cursors: what comes back is what went in, of its own query and of no other."""

import ipaddress
import uuid
from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest
from fastmcp.exceptions import ToolError
from hypothesis import given
from hypothesis import strategies as st

from services.database.cursor import read_cursor, write_cursor

VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.text(),
    st.decimals(allow_nan=False),
    st.datetimes(timezones=st.sampled_from([None, UTC])),
    st.dates(),
    st.times(),
    st.uuids(),
    st.binary(),
)


def written(query, values):
    cursor = write_cursor(query, values)
    assert cursor is not None
    return cursor


@given(st.lists(VALUES, max_size=5), st.dictionaries(st.text(), st.text()))
def test_values_come_back_as_they_were(values, query):
    cursor = written(query, values)
    back = read_cursor(query, cursor, len(values))
    assert back == values
    assert [type(value) for value in back] == [type(value) for value in values]


@given(st.text())
def test_whatever_is_sent_is_a_value_or_an_error(cursor):
    with pytest.raises(ToolError, match="cursor"):
        read_cursor("query", cursor, 1)


def test_each_kind_has_its_form():
    values = [1.5, Decimal("1.50"), datetime(2026, 1, 1, tzinfo=UTC), date(2026, 1, 1), time(1), uuid.UUID(int=1), b"x"]
    assert read_cursor("q", written("q", values), len(values)) == values


def test_another_query_or_another_number_of_values_is_refused():
    cursor = written("one", [1, 2])
    with pytest.raises(ToolError, match="belongs to another query"):
        read_cursor("other", cursor, 2)
    with pytest.raises(ToolError, match="is broken"):
        read_cursor("one", cursor, 3)


def test_values_without_a_form_have_no_cursor():
    assert write_cursor("query", [ipaddress.ip_address("127.0.0.1")]) is None
