"""Which SQL may run."""

import pytest
from duckdb import DuckDBPyConnection

from services.data.statement import Statement, read_statement
from services.workers.job import Refused


@pytest.mark.parametrize(
    ("sql", "tables", "ctes"),
    [
        ("SELECT 1", set(), set()),
        ("SELECT * FROM a; -- done", {"a"}, set()),
        ("FROM A", {"A"}, set()),
        ("TABLE a", {"a"}, set()),
        ("VALUES (1)", set(), set()),
        ("DESCRIBE a", {"a"}, set()),
        ("SUMMARIZE a", {"a"}, set()),
        (
            'SELECT * FROM a, b JOIN "c d.csv" USING (x) WHERE y IN (SELECT y FROM e) UNION FROM f',
            set("abef") | {"c d.csv"},
            set(),
        ),
        ("WITH T AS (FROM a) FROM t", {"a", "t"}, {"t"}),
        ("WITH RECURSIVE t AS (SELECT 1 i UNION ALL SELECT i + 1 FROM t WHERE i < 9) FROM t", {"t"}, {"t"}),
        ("PIVOT a ON x IN ('p', 'q') USING sum(y)", {"a"}, set()),
        ("UNPIVOT a ON x, y INTO NAME n VALUE v", {"a"}, set()),
        (
            "SELECT sum(x) OVER (PARTITION BY y) FROM a, range(3), unnest([1]) QUALIFY row_number() OVER () = 1",
            {"a"},
            set(),
        ),
        ("SELECT 'DROP TABLE a; COPY a TO 1'", set(), set()),
    ],
)
def test_what_reads_may_run(fresh: DuckDBPyConnection, sql: str, tables: set[str], ctes: set[str]) -> None:
    assert read_statement(fresh, sql) == Statement(frozenset(tables), frozenset(ctes))


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("", "exactly one statement"),
        ("SELECT 1; SELECT 2", "exactly one statement"),
        ("SELEC 1", "can't be parsed near character 1"),
        ("SELECT " + "(" * 3_000 + "1" + ")" * 3_000, "can't be parsed"),
        ("SELECT * FROM " + "(SELECT * FROM " * 1_000 + "a" + ")" * 1_000, "nested too deeply"),
        ("INSERT INTO a VALUES (1)", "Only statements that read"),
        ("EXPLAIN ANALYZE SELECT 1", "Only statements that read"),
        ("PIVOT a ON x USING sum(y)", "PIVOT needs its values listed"),
        ("WITH x AS (COPY (SELECT 1) TO 'f.csv') FROM x", "Only statements that read"),
        ("WITH x AS (INSERT INTO a VALUES (1) RETURNING *) FROM x", "Only statements that read"),
        ("WITH x AS (UPDATE a SET b = 1 RETURNING *) FROM x", "Only statements that read"),
        ("WITH x AS (DELETE FROM a RETURNING *) FROM x", "Only statements that read"),
        ("SELECT (SELECT max(i) FROM (FROM query('SELECT 1')))", "A table function is used that is not allowed"),
        ("FROM read_csv('f.csv')", "A table function is used that is not allowed"),
        ("FROM duckdb_settings()", "A table function is used that is not allowed"),
        ("FROM main.a", "with a schema"),
        ("FROM information_schema.tables", "with a schema"),
        ("WITH d AS (WITH duckdb_views AS (SELECT 1) FROM duckdb_views) FROM duckdb_views, d", "DuckDB itself has"),
        ("WITH SQLITE_master AS (SELECT 1) FROM sqlite_master", "DuckDB itself has"),
        ("SHOW TABLES", "SHOW is not allowed"),
        ("FROM (SHOW ALL TABLES)", "SHOW is not allowed"),
        ("SELECT Current_Setting('threads')", "works on the engine"),
        ("SELECT system.main.current_setting('threads')", "works on the engine"),
        ("SELECT 'x'.write_log()", "works on the engine"),
        ("SELECT $secret", "placeholder"),
    ],
)
def test_what_does_not_only_read_is_refused_with_the_reason(fresh: DuckDBPyConnection, sql: str, reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        read_statement(fresh, sql)
