"""The schema: what it shows, and when it is read anew."""

import pytest

from tests.services.database.kit import execute

PARENT = "CREATE TABLE parent (a INTEGER, b VARCHAR(20) NOT NULL, PRIMARY KEY (b, a))"
CHILD = """CREATE TABLE child (
    id INTEGER NOT NULL PRIMARY KEY, parent_a INTEGER, parent_b VARCHAR(20), price NUMERIC(10, 2), day DATE,
    FOREIGN KEY (parent_b, parent_a) REFERENCES parent (b, a))"""


async def test_tables_with_columns_types_and_keys(serve, url):
    await execute(url, PARENT, CHILD)
    schema = await (await serve(url)).schema()
    child, parent = schema.data["tables"]
    assert parent["columns"][1] == {"name": "b", "type": "VARCHAR(20)", "nullable": False}
    assert (parent["name"], parent["primary_key"], parent["foreign_keys"]) == ("parent", ["b", "a"], [])
    assert child["columns"] == [
        {"name": "id", "type": "INTEGER", "nullable": False},
        {"name": "parent_a", "type": "INTEGER", "nullable": True},
        {"name": "parent_b", "type": "VARCHAR(20)", "nullable": True},
        {"name": "price", "type": "NUMERIC(10, 2)", "nullable": True},
        {"name": "day", "type": "DATE", "nullable": True},
    ]
    assert child["foreign_keys"] == [
        {"columns": ["parent_b", "parent_a"], "references": "parent", "referenced_columns": ["b", "a"]}
    ]


async def test_a_table_of_another_schema_is_named_with_it_and_left_out(serve, postgresql_url):
    await execute(
        postgresql_url,
        "CREATE SCHEMA other",
        "CREATE TABLE other.parent (id INTEGER PRIMARY KEY)",
        "CREATE TABLE child (parent_id INTEGER REFERENCES other.parent)",
    )
    tools = await serve(postgresql_url)
    [child] = (await tools.schema()).data["tables"]
    assert child["foreign_keys"] == [
        {"columns": ["parent_id"], "references": "other.parent", "referenced_columns": ["id"]}
    ]
    assert (await tools.query("parent")).error == "There is no such table. The database has child."


async def test_one_table_can_be_asked_for(tools):
    schema = await tools.schema(table="users")
    assert [table["name"] for table in schema.data["tables"]] == ["users"]
    missing = await tools.schema(table="canary")
    assert missing.error == "There is no such table. The database has customers, order_items, orders, products, users."


async def test_views_and_system_tables_are_left_out(tools, url):
    await tools.schema()
    await execute(url, "CREATE VIEW seen AS SELECT id FROM users")
    for name in ("seen", "sqlite_master", "pg_class", "information_schema.tables"):
        answer = await tools.query(name)
        tables = "customers, order_items, orders, products, users"
        assert answer.error == f"There is no such table. The database has {tables}."


async def test_new_tables_and_columns_are_found_when_they_are_asked_for(tools, url):
    await tools.query("users")
    await execute(
        url,
        "CREATE TABLE later (id INTEGER PRIMARY KEY)",
        "ALTER TABLE users ADD COLUMN note VARCHAR(20)",
    )
    assert (await tools.query("later")).rows == []
    assert (await tools.write("update", "users", values={"note": "x"}, where={"id": 1})).data["row_count"] == 1
    assert (await tools.query("users", columns=["note"], limit=1)).rows == [{"note": "x"}]


async def test_the_schema_is_always_as_it_is_now(tools, url):
    await tools.schema()
    await execute(url, "DROP TABLE order_items", "ALTER TABLE users DROP COLUMN role")
    gone = await tools.query("order_items")
    assert "has no such table, column or comparison" in gone.error
    users = (await tools.schema()).data["tables"][-1]
    assert [column["name"] for column in users["columns"]] == ["id", "email", "active"]
    assert set((await tools.query("users", limit=1)).rows[0]) == {"id", "email", "active"}


@pytest.mark.filterwarnings("ignore:Did not recognize type 'xml'")
async def test_the_types_of_each_database_are_named(serve, postgresql_url, sqlite_url):
    await execute(
        postgresql_url,
        "CREATE TYPE mood AS ENUM ('calm', 'busy')",
        "CREATE TABLE kinds (a TIMESTAMPTZ, b MOOD, c TEXT[], d JSONB, e XML)",
    )
    await execute(sqlite_url, "CREATE TABLE kinds (a DATETIME, b)")
    [postgresql] = (await (await serve(postgresql_url)).schema()).data["tables"]
    [sqlite] = (await (await serve(sqlite_url)).schema()).data["tables"]
    assert [column["type"] for column in postgresql["columns"]] == [
        "TIMESTAMP WITH TIME ZONE",
        "mood (calm, busy)",
        "TEXT[]",
        "JSONB",
        "unknown",
    ]
    assert [column["type"] for column in sqlite["columns"]] == ["DATETIME", "unknown"]
