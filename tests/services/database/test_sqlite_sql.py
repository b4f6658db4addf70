"""The second guard on SQLite, with the first one taken away: hostile statements write nothing all the same."""

import sqlite3
from pathlib import Path

import pytest

from services.database.sqlite_sql import explain, run, told
from services.workers.job import Limits, Refused

HOSTILE = Path(__file__).with_name("hostile_sql.txt").read_text().splitlines()
LIMITS = Limits(timeout=1.0, max_bytes=100_000, memory_limit=2**24)
# They run on until their process is ended, which is not this one's.
ENDLESS = ("WITH RECURSIVE n", "SELECT count(*) FROM users a", "SELECT max(replace")


@pytest.fixture
def path(tmp_path: Path) -> str:
    file = tmp_path / "data.db"
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, role TEXT, active BOOLEAN)")
        connection.executemany("INSERT INTO users VALUES (?, 'e', 'r', 1)", [(number,) for number in range(1, 13)])
    connection.close()
    return str(file)


def test_nothing_is_written_without_the_first_guard(path: str, tmp_path: Path):
    before = Path(path).read_bytes()
    ran = []
    for line in HOSTILE:
        if line.startswith(ENDLESS):
            continue
        try:
            run(line.replace("{folder}", str(tmp_path)), LIMITS, path, 100)
            ran.append(line)
        except (sqlite3.Error, sqlite3.Warning, TypeError, Refused):
            pass
    assert Path(path).read_bytes() == before
    assert list(tmp_path.iterdir()) == [Path(path)]
    assert all(line.startswith("SELECT") for line in ran)


def test_values_as_json(path: str):
    found = run("SELECT 1, 1.5, 'a', x'ff00', NULL, 9e999", LIMITS, path, 10)
    assert found["rows"] == [[1, 1.5, "a", "_wA=", None, "inf"]]


def test_memory_is_bounded(path: str):
    grown = "WITH RECURSIVE n(i, t) AS (SELECT 1, 'x' UNION ALL SELECT i + 1, printf('%9000d', i) FROM n LIMIT 9000)"
    with pytest.raises((MemoryError, sqlite3.Error)) as error:
        run(f"{grown} SELECT * FROM n ORDER BY t", LIMITS, path, 10)
    assert "more memory" in told(error.value)


def test_a_row_that_does_not_fit_is_said(path: str):
    with pytest.raises(Refused, match="larger than an answer"):
        run("SELECT printf('%60000d', 1), printf('%60000d', 2)", LIMITS, path, 10)


def test_the_plan_shows_its_steps(path: str):
    steps = explain("SELECT * FROM users WHERE id IN (SELECT max(id) FROM users)", LIMITS, path)["plan"]
    assert steps[0].startswith("SEARCH users")
    assert any(line.startswith("  ") for line in steps)
