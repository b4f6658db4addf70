"""The sample tables: made once, in new databases only."""

import asyncio
import sqlite3

import pytest

from tests.services.database.kit import count, execute


async def test_a_new_database_has_a_dozen_users_and_products(tools):
    users = await tools.query("users")
    products = await tools.query("products", where={"category": "paper"})
    assert [row["email"] for row in users.rows] == [f"user-{n:02}@example.com" for n in range(1, 13)]
    assert users.rows[3] == {"id": 4, "email": "user-04@example.com", "role": "editor", "active": False}
    assert products.rows[0] == {
        "id": 1,
        "sku": "P-001",
        "name": "Notebook A5",
        "category": "paper",
        "price_cents": 450,
        "stock": 120,
    }
    assert len((await tools.query("products")).rows) == 12


async def test_rows_added_later_get_the_next_ids(tools):
    added = await tools.write("insert", "users", values={"email": "a@example.com", "role": "admin", "active": True})
    assert added.rows == [{"id": 13}]


async def test_servers_that_start_at_once_seed_once(serve, url):
    servers = [await serve(url) for _ in range(4)]
    answers = await asyncio.gather(*(server.query("users") for server in servers))
    assert [len(answer.rows) for answer in answers] == [12] * 4


async def test_a_sqlite_file_is_seeded_by_default_and_its_folder_made(serve, tmp_path):
    tools = await serve(f"sqlite:///{tmp_path}/some/folder/new.db", seed=None)
    assert len((await tools.query("users")).rows) == 12


async def test_nothing_is_made_before_the_first_call(serve, tmp_path):
    tools = await serve(f"sqlite:///{tmp_path}/some/new.db")
    assert list(tmp_path.iterdir()) == []
    await tools.schema()
    assert (tmp_path / "some" / "new.db").exists()


@pytest.mark.parametrize("seed", [None, False])
async def test_a_postgresql_database_is_seeded_only_when_that_is_set(serve, postgresql_url, seed):
    assert (await (await serve(postgresql_url, seed=seed)).schema()).data["tables"] == []


async def test_a_sqlite_file_is_not_seeded_when_that_is_switched_off(serve, sqlite_url):
    assert (await (await serve(sqlite_url, seed=False)).schema()).data["tables"] == []


async def test_a_database_with_tables_is_never_seeded(serve, url):
    await execute(url, "CREATE TABLE own (id INTEGER PRIMARY KEY)")
    schema = await (await serve(url, seed=True)).schema()
    assert [table["name"] for table in schema.data["tables"]] == ["own"]


async def test_dropped_sample_tables_do_not_come_back_in_sqlite(serve, sqlite_url):
    await (await serve(sqlite_url)).schema()
    tables = ("order_items", "orders", "products", "customers", "users")
    await execute(sqlite_url, *(f"DROP TABLE {table}" for table in tables))
    assert (await (await serve(sqlite_url)).schema()).data["tables"] == []


async def test_opening_an_existing_sqlite_file_changes_no_byte_of_it(serve, tmp_path):
    path = tmp_path / "own.db"
    with sqlite3.connect(path) as own:
        own.execute("CREATE TABLE own (id INTEGER PRIMARY KEY)")
    own.close()
    before = path.read_bytes()
    await (await serve(f"sqlite:///{path}")).query("own")
    assert path.read_bytes() == before


async def test_a_seeding_that_fails_leaves_nothing_and_is_tried_again(serve, tmp_path):
    path = tmp_path / "data.db"
    blocker = sqlite3.connect(path)
    blocker.execute("BEGIN EXCLUSIVE")
    tools = await serve(f"sqlite:///{path}", timeout=1)
    assert "locked" in (await tools.schema()).error
    blocker.rollback()
    blocker.close()
    assert len((await tools.query("users")).rows) == 12
    assert await count(f"sqlite:///{path}", "products") == 12
