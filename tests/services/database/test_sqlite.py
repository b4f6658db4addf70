"""SQLite: statements end in time although they run in a thread, locks are waited for, foreign keys hold."""

import sqlite3
import time

from tests.services.database.kit import count, execute

SLOW = (
    "CREATE TABLE slow (id INTEGER PRIMARY KEY)",
    "CREATE TABLE log (n INTEGER)",
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000) INSERT INTO log SELECT i FROM n",
    "CREATE TRIGGER work AFTER INSERT ON slow BEGIN INSERT INTO log SELECT count(*) FROM log a, log b, log c; END",
)


async def test_a_statement_that_runs_too_long_is_interrupted_and_undone(serve, sqlite_url):
    await execute(sqlite_url, *SLOW)
    tools = await serve(sqlite_url, timeout=0.5)
    started = time.monotonic()
    answer = await tools.write("insert", "slow", values={"id": 1})
    assert time.monotonic() - started < 2
    assert "did not answer within 0.5 s" in answer.error
    assert await count(sqlite_url, "slow") == 0


async def test_another_processs_lock_is_waited_for_and_then_said(serve, tmp_path):
    tools = await serve(f"sqlite:///{tmp_path}/data.db", timeout=0.5)
    await tools.schema()
    other = sqlite3.connect(tmp_path / "data.db")
    other.execute("BEGIN EXCLUSIVE")
    started = time.monotonic()
    answer = await tools.write("delete", "users", where={"id": 1})
    assert time.monotonic() - started < 2
    other.rollback()
    other.close()
    assert "is locked by another process. Try again later." in answer.error
    assert await count(f"sqlite:///{tmp_path}/data.db", "users") == 12


async def test_foreign_keys_hold(serve, sqlite_url):
    await execute(
        sqlite_url,
        "CREATE TABLE parent (id INTEGER PRIMARY KEY)",
        "CREATE TABLE child (parent_id INTEGER REFERENCES parent)",
    )
    answer = await (await serve(sqlite_url)).write("insert", "child", values={"parent_id": 1})
    assert "ties this row to one of another table" in answer.error
