"""The tool `sql` from outside, on both kinds of database: what it gives, its bounds, and what it never does."""

import asyncio
import time
from pathlib import Path

import psutil
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from services.database.address import parse_address
from tests.services.database.kit import connected, count, execute

HOSTILE = Path(__file__).with_name("hostile_sql.txt").read_text().splitlines()
TABLES = {"customers", "order_items", "orders", "products", "users"}
TIMEOUT = 1.0
MARGIN = 0.5
LEFT_BEHIND = """SELECT (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory')
    + (SELECT count(*) FROM pg_largeobject_metadata)
    + (SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND pid <> pg_backend_pid()
        AND backend_type = 'client backend')
    + (SELECT count(*) FROM pg_class WHERE relname = 'x')"""


async def asked(url: str, query: str) -> object:
    """What the database itself says."""
    engine = create_async_engine(parse_address(url).url, poolclass=NullPool)
    async with engine.connect() as connection:
        value = (await connection.execute(text(query))).scalar_one()
    await engine.dispose()
    return value


def busy_workers() -> list[int]:
    """Processes of ours that use the processor, apart from PostgreSQL's own."""
    workers = [each for each in psutil.Process().children() if "services.database.sql_worker" in each.cmdline()]
    before = {each.pid: each.cpu_times().user for each in workers}
    return [each.pid for each in workers if each.cpu_percent(0.05) > 50 and before[each.pid] > 0.9]


async def test_rows_come_by_column_from_joins_and_sums(tools):
    answer = await tools.call("sql", sql="SELECT role, count(*) AS n FROM users GROUP BY role ORDER BY role; -- all")
    assert answer.data == {
        "columns": ["role", "n"],
        "rows": [["admin", 4], ["editor", 4], ["viewer", 4]],
        "row_count": 3,
        "truncated": False,
        "plan": None,
    }
    joined = "SELECT count(*) FROM users AS a JOIN users AS b ON a.role = b.role WHERE a.email LIKE 'user-0%'"
    assert (await tools.call("sql", sql=joined)).rows == [[36]]


async def test_no_rows_still_have_their_columns(tools):
    answer = await tools.call("sql", sql="WITH x AS (SELECT id AS a, role FROM users WHERE id < 0) SELECT * FROM x")
    assert (answer.data["columns"], answer.rows) == (["a", "role"], [])


@pytest.mark.parametrize("sql", ["VALUES (1, 'a')", "SELECT 1 UNION SELECT 1", "SELECT 1 WHERE 1 IN (SELECT 1)"])
async def test_forms_that_only_read(tools, sql):
    assert len((await tools.call("sql", sql=sql)).rows) == 1


async def test_explain_gives_the_plan_and_runs_nothing(tools):
    answer = await tools.call("sql", sql="SELECT * FROM users WHERE id = 3", explain=True)
    assert answer.rows == []
    assert any("users" in line for line in answer.data["plan"])


@pytest.mark.parametrize(("max_rows", "max_bytes", "rows"), [(5, 2**20, 5), (12, 2**20, 12), (1000, 1_024, 9)])
async def test_rows_and_bytes_are_bounded(serve, url, max_rows, max_bytes, rows):
    tools = await serve(url, max_rows=max_rows, max_bytes=max_bytes)
    await tools.write("update", "users", values={"role": "r" * 20}, where={"id": {"gt": 0}})
    answer = await tools.call("sql", sql="SELECT email, role, email || role AS both, id FROM users ORDER BY id")
    assert [row[3] for row in answer.rows] == list(range(1, len(answer.rows) + 1))
    assert abs(len(answer.rows) - rows) <= (max_bytes == 1_024)
    assert answer.data["truncated"] is (len(answer.rows) < 12)


async def test_a_row_that_is_too_large_is_said(serve, url):
    tools = await serve(url, max_bytes=2_000)
    await execute(url, "CREATE TABLE texts (id INTEGER PRIMARY KEY, body TEXT)")
    await tools.write("insert", "texts", values={"id": 1, "body": "canary" * 1_000})
    answer = await tools.call("sql", sql="SELECT body FROM texts")
    assert "too large" in answer.error or "larger than" in answer.error
    assert "canary" not in answer.error


async def test_what_is_wrong_is_said_without_the_querys_own_words(tools):
    for sql in (
        "SELECT 'canary' FROM canary",
        "SELECT canary FROM users",
        "SELECT canary(1)",
        "SELECT 'canary' FROM",
        "SELECT 'canary",
        f"SELECT {'(' * 5_000}'canary'{')' * 5_000}",
        f"SELECT {'NOT ' * 4_000} 'canary'",
        "",
        ";",
        "-- canary",
    ):
        answer = await tools.call("sql", sql=sql)
        assert answer.error
        assert "canary" not in answer.error


async def test_hostile_statements_are_refused_or_end_in_time_and_leave_nothing(serve, url, tmp_path):
    assert len(HOSTILE) >= 80
    tools = await serve(url, timeout=TIMEOUT)
    await tools.schema()
    await tools.call("sql", sql="SELECT 1")  # its worker is warm, as one that serves is
    before = sorted(tmp_path.iterdir())
    connections = await connected(url) if url.startswith("postgres") else []
    for line in HOSTILE:
        began = time.monotonic()
        answer = await tools.call("sql", sql=line.replace("{folder}", str(tmp_path)))
        assert answer.error, line
        assert time.monotonic() - began < TIMEOUT + MARGIN, line
    assert [await count(url, table) for table in ("users", "products")] == [12, 12]
    assert sorted(tmp_path.iterdir()) == before
    assert {table["name"] for table in (await tools.schema()).data["tables"]} == TABLES
    assert busy_workers() == []
    if connections:
        async with asyncio.timeout(5):
            while set(await connected(url)) != set(connections):
                pass
        assert await asked(url, LEFT_BEHIND) == 0


async def test_a_role_of_the_operators_bounds_what_sql_sees(serve, postgresql_url):
    tools = await serve(postgresql_url, sql_role="pg_monitor")
    assert len((await tools.query("users")).rows) == 12
    assert "does not let its user do this" in (await tools.call("sql", sql="SELECT id FROM users")).error


async def test_a_name_that_two_columns_have_is_said_on_postgresql(serve, postgresql_url):
    answer = await (await serve(postgresql_url)).call("sql", sql="SELECT 1 AS a, 2 AS a")
    assert answer.error == "Two columns of the result have the same name. Tell them apart with AS."


@pytest.mark.parametrize("url", ["sqlite:///own.db", "sqlite:///file:own.db?uri=true"])
async def test_a_relative_path_is_that_of_the_server(serve, url, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert (await (await serve(url)).call("sql", sql="SELECT count(*) FROM users")).rows == [[12]]
