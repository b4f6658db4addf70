"""The sample tables of a new database: a dozen users and a dozen products.

Whether a database is new is asked under a lock, in the transaction that fills it, so that of two processes
that start at once one does and the other finds it done.
"""

from typing import Any

from sqlalchemy import Boolean, Column, Connection, Integer, MetaData, String, Table, inspect, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

# Any number will do, as long as every process that seeds takes the same.
_ADVISORY_LOCK = 7_227_325_331_074_201_093

_metadata = MetaData()
_users = Table(
    "users",
    _metadata,
    Column("id", Integer, primary_key=True),
    Column("email", String(200), nullable=False, unique=True),
    Column("role", String(20), nullable=False),
    Column("active", Boolean, nullable=False),
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
_ROLES = ("admin", "editor", "viewer")
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


async def seed_sqlite(engine: AsyncEngine) -> None:
    """Fill the database if it has never had a table."""
    async with engine.connect() as connection:
        if await _schema_changes(connection):
            return
    async with engine.execution_options(write=True).begin() as connection:
        if not await _schema_changes(connection):
            await connection.run_sync(_fill)


async def seed_postgresql(engine: AsyncEngine) -> None:
    """Fill the database if it has no tables."""
    async with engine.begin() as connection:
        await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
        if not await connection.run_sync(lambda sync: inspect(sync).get_table_names()):
            await connection.run_sync(_fill)


async def _schema_changes(connection: AsyncConnection) -> int:
    # SQLite counts every change of the schema in the file, so dropping the sample tables does not bring them back.
    return (await connection.exec_driver_sql("PRAGMA schema_version")).scalar_one()


def _fill(connection: Connection) -> None:
    _metadata.create_all(connection)
    # No ids are given, so that PostgreSQL's own counters go on where these end.
    connection.execute(_users.insert(), _sample_users())
    connection.execute(_products.insert(), _sample_products())


def _sample_users() -> list[dict[str, Any]]:
    return [
        {"email": f"user-{n:02}@example.com", "role": _ROLES[n % len(_ROLES)], "active": n % 4 != 0}
        for n in range(1, 13)
    ]


def _sample_products() -> list[dict[str, Any]]:
    return [
        {"sku": f"P-{n:03}", "name": name, "category": category, "price_cents": price, "stock": stock}
        for n, (name, category, price, stock) in enumerate(_PRODUCTS, start=1)
    ]
