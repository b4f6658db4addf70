"""The sample tables: the same rows on both kinds of database, and orders that join them."""

SQL = """SELECT c.city, count(DISTINCT o.id) AS orders, sum(i.quantity * i.price_cents) AS cents
    FROM customers AS c JOIN orders AS o ON o.customer_id = c.id JOIN order_items AS i ON i.order_id = o.id
    JOIN products AS p ON p.id = i.product_id AND p.price_cents = i.price_cents
    WHERE o.status <> 'returned' GROUP BY c.city ORDER BY c.city"""
WITHOUT = "SELECT name FROM customers WHERE id NOT IN (SELECT customer_id FROM orders)"


async def test_orders_join_customers_and_products(tools):
    assert (await tools.call("sql", sql=SQL)).rows == [
        ["Bergen", 13, 213580],
        ["Berlin", 6, 122710],
        ["Leeds", 7, 181180],
        ["Lyon", 8, 125650],
        ["Porto", 14, 260200],
    ]
    without = (await tools.call("sql", sql=WITHOUT)).rows
    assert sorted(name for [name] in without) == ["Green Garden Co-op", "Hill Dentists", "Old Town Library"]


async def test_the_schema_shows_the_keys(tools):
    tables = {table["name"]: table for table in (await tools.schema()).data["tables"]}
    assert list(tables) == ["customers", "order_items", "orders", "products", "users"]
    assert tables["order_items"]["primary_key"] == ["order_id", "product_id"]
    assert [key["references"] for key in tables["order_items"]["foreign_keys"]] == ["orders", "products"]


async def test_a_customer_with_orders_cannot_be_deleted(tools):
    assert "ties this row to one of another table" in (await tools.write("delete", "customers", where={"id": 1})).error
