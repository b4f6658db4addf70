"""Names that are there, and what is said when one is not."""

import pytest
from sqlalchemy import Column, Integer, MetaData, Table

from services.database.names import UnknownName, find_columns, find_table

SHOP = Table("shop", MetaData(), Column("id", Integer), Column("size", Integer))


def test_what_is_there_is_found_in_the_order_asked_for():
    assert find_table({"shop": SHOP}, "shop") is SHOP
    assert [column.name for column in find_columns(SHOP, ["size", "id"], "where")] == ["size", "id"]


def test_a_name_that_is_not_there_is_told_which_are_and_not_repeated():
    with pytest.raises(UnknownName, match=r"^There is no such table. The database has shop\.$"):
        find_table({"shop": SHOP}, "canary")
    with pytest.raises(UnknownName, match=r"^In where, there is no such column. Table 'shop' has id, size\.$"):
        find_columns(SHOP, ["id", "canary"], "where")
    with pytest.raises(UnknownName, match="The database has none"):
        find_table({}, "canary")


def test_of_many_names_some_are_told():
    with pytest.raises(UnknownName, match="t049 and 10 more"):
        find_table({f"t{number:03}": SHOP for number in range(60)}, "canary")
