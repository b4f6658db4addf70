"""Several databases by name, each for itself."""

import pytest
from fastmcp import Client
from pydantic import ValidationError

from services.database.server import Settings, create_server
from tests.services.database.kit import Tools, execute


@pytest.fixture
async def two(tmp_path, postgresql_url):
    """A server on a SQLite file, and on a PostgreSQL database named `shop`."""
    databases = {"shop": {"url": postgresql_url}}
    settings = Settings.model_validate({"url": f"sqlite:///{tmp_path}/own.db", "databases": databases})
    await execute(postgresql_url, "CREATE TABLE goods (id INTEGER PRIMARY KEY)", "INSERT INTO goods VALUES (7)")
    async with Client(create_server(settings)) as client:
        yield Tools(client)


async def test_each_is_read_written_and_described_by_its_name(two):
    await two.write("insert", "goods", values={"id": 8}, database="shop")
    assert [row["id"] for row in (await two.query("goods", database="shop")).rows] == [7, 8]
    assert (await two.call("sql", sql="SELECT sum(id) AS n FROM goods", database="shop")).rows == [[15]]
    described = (await two.schema(database="shop")).data
    assert (described["database"], described["databases"]) == ("shop", ["default", "shop"])
    assert [table["name"] for table in described["tables"]] == ["goods"]


async def test_without_a_name_it_is_the_default_one(two):
    assert len((await two.query("users")).rows) == 12
    assert "There is no such table." in (await two.query("goods")).error


async def test_a_name_that_is_not_there_is_told_which_are(two):
    for answer in (
        await two.schema(database="canary"),
        await two.query("goods", database="canary"),
        await two.call("sql", sql="SELECT 1", database="canary"),
    ):
        assert answer.error == "There is no such database. There are default, shop."


async def test_one_that_is_down_leaves_the_others_well(tmp_path):
    databases = {"gone": {"url": "postgresql://user:canary@127.0.0.1:9/gone"}}
    settings = Settings.model_validate({"url": f"sqlite:///{tmp_path}/own.db", "databases": databases})
    async with Client(create_server(settings)) as client:
        assert "cannot be reached" in str((await Tools(client).schema(database="gone")).error)
        assert len((await Tools(client).query("users")).rows) == 12


def test_names_hold_to_the_grammar_and_differ_from_the_default():
    for name in ("default", "Shop", "a_b", "", "1"):
        with pytest.raises(ValidationError):
            Settings.model_validate({"databases": {name: {"url": "sqlite:///x.db"}}})
