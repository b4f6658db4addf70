"""The sample tables: a small stationer's shop, whose orders join customers and products. Always the same rows."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Boolean, Column, Connection, Date, ForeignKey, Integer, MetaData, String, Table

_metadata = MetaData()
_users = Table(
    "users",
    _metadata,
    Column("id", Integer, primary_key=True),
    Column("email", String(200), nullable=False, unique=True),
    Column("role", String(20), nullable=False),
    Column("active", Boolean, nullable=False),
)
_customers = Table(
    "customers",
    _metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(100), nullable=False, unique=True),
    Column("city", String(50), nullable=False),
    Column("since", Date, nullable=False),
    Column("discount_percent", Integer),
)
_products = Table(
    "products",
    _metadata,
    Column("id", Integer, primary_key=True),
    Column("sku", String(20), nullable=False, unique=True),
    Column("name", String(100), nullable=False),
    Column("category", String(50), nullable=False),
    Column("price_cents", Integer, nullable=False),
    Column("stock", Integer, nullable=False),
)
_orders = Table(
    "orders",
    _metadata,
    Column("id", Integer, primary_key=True),
    Column("customer_id", ForeignKey("customers.id"), nullable=False, index=True),
    Column("placed_on", Date, nullable=False),
    Column("status", String(20), nullable=False),
)
_order_items = Table(
    "order_items",
    _metadata,
    Column("order_id", ForeignKey("orders.id"), primary_key=True),
    Column("product_id", ForeignKey("products.id"), primary_key=True),
    Column("quantity", Integer, nullable=False),
    Column("price_cents", Integer, nullable=False),
)

_FIRST_DAY = date(2025, 1, 2)
_ORDERS = 60
_ROLES = ("admin", "editor", "viewer")
_STATUSES = ("paid", "shipped", "shipped", "shipped", "returned")
_CUSTOMERS = (
    ("Harbour Books", "Bergen"),
    ("Mill Lane School", "Leeds"),
    ("Linden Law", "Berlin"),
    ("Corner Cafe", "Porto"),
    ("Hill Dentists", "Graz"),
    ("Paper Moon", "Lyon"),
    ("Blue Door Studio", "Porto"),
    ("Station Hotel", "Bergen"),
    ("Green Garden Co-op", "Leeds"),
    ("Old Town Library", "Graz"),
)
_PRODUCTS = (
    ("Notebook A5", "paper", 450, 120),
    ("Notebook A4", "paper", 690, 80),
    ("Sticky notes", "paper", 320, 200),
    ("Index cards", "paper", 280, 0),
    ("Ballpoint pen", "writing", 150, 500),
    ("Fountain pen", "writing", 3900, 12),
    ("Pencil set", "writing", 890, 60),
    ("Highlighter", "writing", 210, 150),
    ("Desk lamp", "office", 4500, 25),
    ("Paper tray", "office", 1250, 40),
    ("Stapler", "office", 1590, 35),
    ("Scissors", "office", 760, 0),
)


def fill(connection: Connection) -> None:
    """Make the tables and their rows."""
    _metadata.create_all(connection)
    # No ids are given, so that PostgreSQL's own counters go on where these end.
    connection.execute(_users.insert(), _sample_users())
    connection.execute(_customers.insert(), _sample_customers())
    connection.execute(_products.insert(), _sample_products())
    connection.execute(_orders.insert(), _sample_orders())
    connection.execute(_order_items.insert(), list(_sample_items()))


def _sample_users() -> list[dict[str, Any]]:
    return [
        {"email": f"user-{n:02}@example.com", "role": _ROLES[n % len(_ROLES)], "active": n % 4 != 0}
        for n in range(1, 13)
    ]


def _sample_customers() -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "city": city,
            "since": _FIRST_DAY - timedelta(days=97 * n),
            "discount_percent": 5 * (n % 3) or None,
        }
        for n, (name, city) in enumerate(_CUSTOMERS, start=1)
    ]


def _sample_products() -> list[dict[str, Any]]:
    return [
        {"sku": f"P-{n:03}", "name": name, "category": category, "price_cents": price, "stock": stock}
        for n, (name, category, price, stock) in enumerate(_PRODUCTS, start=1)
    ]


def _sample_orders() -> list[dict[str, Any]]:
    """Six days apart; some customers have none."""
    return [
        {
            "customer_id": 1 + (n * 5 + n // 7) % (len(_CUSTOMERS) - 1),
            "placed_on": _FIRST_DAY + timedelta(days=6 * n),
            "status": _STATUSES[n % len(_STATUSES)],
        }
        for n in range(_ORDERS)
    ]


def _sample_items() -> Iterator[dict[str, Any]]:
    """One to four products of each order, at the price of now."""
    for order in range(1, _ORDERS + 1):
        for place in range(1 + order % 4):
            product = (order * 5 + place * 7) % len(_PRODUCTS)
            quantity = 1 + (order * 3 + place) % 9
            yield {
                "order_id": order,
                "product_id": product + 1,
                "quantity": quantity,
                "price_cents": _PRODUCTS[product][2],
            }
