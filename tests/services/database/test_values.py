"""Values of every type: in as JSON, out as JSON, and refused by name and type when they are of another."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import Column, DateTime

from services.database.values import read_value
from tests.services.database.kit import execute

POSTGRESQL = """CREATE TABLE kinds (
    id INTEGER PRIMARY KEY, flag BOOLEAN, small SMALLINT, big BIGINT, ratio DOUBLE PRECISION, price NUMERIC(10, 2),
    name VARCHAR(5), mood MOOD, moment TIMESTAMP, instant TIMESTAMPTZ, day DATE, hour TIME, key UUID, raw BYTEA,
    document JSONB, tags TEXT[], spans INTERVAL, address INET)"""
SQLITE = """CREATE TABLE kinds (
    id INTEGER PRIMARY KEY, flag BOOLEAN, small SMALLINT, big BIGINT, ratio REAL, price NUMERIC(10, 2),
    name VARCHAR(5), moment DATETIME, day DATE, hour TIME, raw BLOB, document JSON, anything)"""


@pytest.fixture
async def postgresql_kinds(serve, postgresql_url):
    await execute(postgresql_url, "CREATE TYPE mood AS ENUM ('calm', 'busy')", POSTGRESQL)
    return await serve(postgresql_url)


@pytest.fixture
async def sqlite_kinds(serve, sqlite_url):
    await execute(sqlite_url, SQLITE)
    return await serve(sqlite_url)


COMMON = [
    ("flag", True, True),
    ("small", -7, -7),
    ("big", 2**62, 2**62),
    ("ratio", 0.5, 0.5),
    ("ratio", 2, 2.0),
    ("name", "größe", "größe"),
    ("raw", "_wD-", "_wD-"),
    ("document", {"a": [1, None, {"b": "c"}]}, {"a": [1, None, {"b": "c"}]}),
    ("document", [], []),
    ("name", None, None),
    ("document", None, None),
]
BY_POSTGRESQL = [
    ("price", 19.99, "19.99"),
    ("price", "12345678.90", "12345678.90"),
    ("mood", "busy", "busy"),
    ("moment", "2024-02-29T12:30:00", "2024-02-29T12:30:00"),
    ("moment", "2024-02-29T12:30:00+02:00", "2024-02-29T10:30:00"),
    ("instant", "2024-02-29T12:30:00+02:00", "2024-02-29T10:30:00Z"),
    ("instant", "2024-02-29T12:30:00", "2024-02-29T12:30:00Z"),
    ("day", "2024-02-29", "2024-02-29"),
    ("hour", "12:30:00", "12:30:00"),
    ("key", "12345678-1234-5678-1234-567812345678", "12345678-1234-5678-1234-567812345678"),
    ("tags", ["a", None, "b"], ["a", None, "b"]),
    ("address", "10.0.0.1", "10.0.0.1"),
]
BY_SQLITE = [
    ("price", 19.5, 19.5),
    ("moment", "2024-02-29 12:30", "2024-02-29 12:30"),
    ("day", "29.2.2024", "29.2.2024"),
    ("anything", "x", "x"),
    ("anything", 7, 7),
]


async def written_and_read(kinds, cases):
    """Each case's value after it was inserted in a row of its own, as the insert and as a select give it."""
    read = []
    for number, (column, value, _) in enumerate(cases):
        added = await kinds.write("insert", "kinds", values={"id": number, column: value}, returning=[column])
        found = await kinds.query("kinds", columns=[column], where={"id": number})
        assert added.rows == found.rows
        read.append((column, value, found.rows[0][column]))
    return read


async def test_values_go_into_postgresql_and_come_back(postgresql_kinds):
    assert await written_and_read(postgresql_kinds, COMMON + BY_POSTGRESQL) == COMMON + BY_POSTGRESQL


async def test_values_go_into_sqlite_and_come_back(sqlite_kinds):
    assert await written_and_read(sqlite_kinds, COMMON + BY_SQLITE) == COMMON + BY_SQLITE


def test_a_time_without_a_zone_is_utc_wherever_the_service_runs():
    instant = read_value(Column("instant", DateTime(timezone=True)), "2024-02-29T12:30:00", "values")
    assert instant == datetime(2024, 2, 29, 12, 30, tzinfo=UTC)


async def test_null_in_a_json_column_is_the_databases_own(sqlite_kinds, postgresql_kinds):
    for kinds in (sqlite_kinds, postgresql_kinds):
        await kinds.write("insert", "kinds", values={"id": 1, "document": None})
        found = await kinds.query("kinds", columns=["id"], where={"document": {"is_null": True}})
        assert found.rows == [{"id": 1}]


BOTH_REFUSE = [
    ("flag", 1, "true or false"),
    ("flag", "canary", "true or false"),
    ("small", True, "an integer of at most 64 bits"),
    ("small", 1.5, "an integer of at most 64 bits"),
    ("big", 2**63, "an integer of at most 64 bits"),
    ("ratio", "canary", "a number"),
    ("ratio", True, "a number"),
    ("name", 7, "a text without NUL characters"),
    ("name", "canary\0", "a text without NUL characters"),
    ("raw", "canary!", "bytes as URL-safe base64 text"),
]
POSTGRESQL_REFUSES = [
    ("price", "canary", "a number, or one written as text"),
    ("price", "NaN", "a number, or one written as text"),
    ("mood", "canary", "one of the texts that the schema tool lists for it"),
    ("moment", "canary", "a date and time as ISO 8601 text"),
    ("moment", 7, "a date and time as ISO 8601 text"),
    ("day", "2024-13-01", "a date as ISO 8601 text"),
    ("hour", "25:00", "a time as ISO 8601 text"),
    ("key", "canary", "a UUID as text"),
    ("tags", "canary", "a list of values of its type"),
    ("tags", [7], "a list of values of its type"),
]


async def refusals(kinds, cases):
    answers = [await kinds.write("insert", "kinds", values={"id": 1, column: value}) for column, value, _ in cases]
    return [answer.error for answer in answers]


async def test_postgresql_columns_refuse_values_of_another_type(postgresql_kinds):
    cases = BOTH_REFUSE + POSTGRESQL_REFUSES
    words = [f"In values, column {column!r} takes {expected}." for column, _, expected in cases]
    assert await refusals(postgresql_kinds, cases) == words


async def test_sqlite_columns_refuse_values_of_another_type(sqlite_kinds):
    cases = [*BOTH_REFUSE, ("day", 7, "a text without NUL characters")]
    words = [f"In values, column {column!r} takes {expected}." for column, _, expected in cases]
    assert await refusals(sqlite_kinds, cases) == words


async def test_values_that_only_postgresql_can_judge_are_refused_without_being_repeated(postgresql_kinds):
    for column, value in (("small", 2**40), ("name", "canary"), ("spans", "canary"), ("address", "canary")):
        answer = await postgresql_kinds.write("insert", "kinds", values={"id": 1, column: value})
        assert "was given a value that does not fit its column" in answer.error
        assert "canary" not in answer.error


async def test_intervals_come_out_as_text_and_numbers_that_json_lacks_as_null(serve, postgresql_url):
    await execute(
        postgresql_url,
        "CREATE TABLE odd (id INTEGER PRIMARY KEY, span INTERVAL, ratio REAL, price NUMERIC)",
        "INSERT INTO odd VALUES (1, '1 day 2 hours', 'Infinity', 'NaN')",
    )
    rows = (await (await serve(postgresql_url)).query("odd")).rows
    assert rows == [{"id": 1, "span": "P1DT2H", "ratio": None, "price": "NaN"}]


async def test_a_sqlite_value_that_is_not_of_its_columns_type_is_said(serve, sqlite_url):
    await execute(
        sqlite_url, "CREATE TABLE odd (id INTEGER PRIMARY KEY, document JSON)", "INSERT INTO odd VALUES (1, '{')"
    )
    tools = await serve(sqlite_url)
    assert "not of its declared type" in (await tools.query("odd")).error
    assert (await tools.query("odd", columns=["id"])).rows == [{"id": 1}]
