"""Resources and completions from outside, on both kinds of database."""

import pytest
from fastmcp.exceptions import McpError

COLUMN = "column://{database}/{table}/{column}"


async def test_databases_and_their_tables(tools):
    assert await tools.read("databases://all") == ["default"]
    names = [table["name"] for table in await tools.read("tables://default")]
    assert names == ["customers", "order_items", "orders", "products", "users"]


async def test_a_table_with_its_columns_keys_and_first_rows(tools):
    table = await tools.read("table://default/order_items")
    assert (table["name"], table["primary_key"]) == ("order_items", ["order_id", "product_id"])
    assert [row["order_id"] for row in table["first_rows"]] == [1, 1, 2, 2, 2]


@pytest.mark.parametrize(
    ("column", "figures"),
    [
        ("customers/discount_percent", (10, 3, 2, 5, 10)),
        ("customers/since", (10, 0, 10, "2022-05-08", "2024-09-27")),
        ("users/active", (12, 0, 2, 0, 1)),
        ("users/role", (12, 0, 3, "admin", "viewer")),
    ],
)
async def test_a_column_with_its_figures(tools, column, figures):
    found = await tools.read(f"column://default/{column}")
    assert found.pop("column")["name"] == column.partition("/")[2]
    assert tuple(found.values()) == figures


@pytest.mark.parametrize(
    ("uri", "words"),
    [
        ("tables://canary", "There is no such database. There are default."),
        ("table://default/canary", "There is no such table."),
        ("column://default/users/canary", "In the URI, there is no such column."),
    ],
)
async def test_what_is_not_there_is_said(tools, uri, words):
    with pytest.raises(McpError) as error:
        await tools.read(uri)
    assert words in str(error.value)


async def test_names_are_completed(tools):
    assert await tools.complete(COLUMN, "database", "De") == ["default"]
    assert await tools.complete(COLUMN, "table", "or", database="default") == ["order_items", "orders"]
    assert await tools.complete(COLUMN, "column", "p", database="default", table="orders") == ["placed_on"]


async def test_what_leads_nowhere_completes_to_nothing(tools):
    assert await tools.complete(COLUMN, "table", "", database="canary") == []
    assert await tools.complete(COLUMN, "column", "", database="default", table="canary") == []
    assert await tools.complete(COLUMN, "column", "") == []
    assert await tools.complete(COLUMN, "other", "") == []
