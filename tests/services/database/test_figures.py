"""Figures of columns."""

import pytest

from tests.services.database.kit import execute


@pytest.mark.parametrize("rows", ["", "(NULL), (NULL)"])
async def test_a_column_without_values_has_none(tools, url, rows):
    await execute(url, "CREATE TABLE bare (x INTEGER)", *([f"INSERT INTO bare VALUES {rows}"] if rows else []))
    [content] = await tools.client.read_resource("column://default/bare/x")
    count = rows.count("NULL")
    assert f'"rows":{count},"nulls":{count},"distinct":0,"least":null,"greatest":null' in content.text
