"""The first guard alone: which texts may run, and which may not, whatever the engine would say."""

import pytest

from services.database.sql_guard import check
from services.workers.job import Refused

READING = [
    "SELECT 1",
    "SELECT a.x, count(*), sum(y) FILTER (WHERE z) FROM t AS a LEFT JOIN u ON a.id = u.id GROUP BY 1 HAVING sum(y) > 2",
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9) SELECT i FROM n",
    "SELECT row_number() OVER (PARTITION BY a ORDER BY b), lower(c), coalesce(d, 1), CASE WHEN e THEN 1 END FROM t",
    "SELECT CAST(a AS INTEGER), round(b, 2), substr(c, 1, 2), d BETWEEN 1 AND 2, e IN (1, 2), f IS NULL FROM t",
    "(SELECT 1) UNION ALL (SELECT 2) ORDER BY 1 LIMIT 1 OFFSET 1",
    "VALUES (1, 2), (3, 4)",
    "SELECT * FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.id = t.id) AND NOT a LIKE 'x%'",
    "SELECT a ->> 'b' FROM t",
]
OF_POSTGRES = [
    "SELECT a::date, date_trunc('month', b), to_char(c, 'YYYY'), d ILIKE 'x%', now() - INTERVAL '1 day' FROM t",
    "SELECT DISTINCT ON (a) a, array_agg(b), string_agg(c, ',') FROM t, generate_series(1, 3) AS g GROUP BY a",
    "SELECT unnest(ARRAY[1, 2]), extract(year FROM d), position('a' IN b), a[1] FROM t",
]
OF_SQLITE = ["SELECT strftime('%Y', d), group_concat(a), typeof(b), json_extract(c, '$.x'), e GLOB 'x*' FROM t"]
REFUSED = [
    ("SELECT 1; SELECT 2", "exactly one statement"),
    ("", "exactly one statement"),
    ("DROP TABLE t", "Only statements that read"),
    ("WITH x AS (DELETE FROM t RETURNING *) SELECT * FROM x", "more than read"),
    ("SELECT * FROM t FOR UPDATE", "more than read"),
    ("SELECT * FROM t WHERE a = $1", "more than read"),
    ("SELECT pg_sleep(9)", "not among those known to be harmless"),
    ("SELECT * FROM t, LATERAL (SELECT pg_sleep(9)) AS x", "not among those known to be harmless"),
    ('SELECT * FROM "PG_SHADOW"', "engine's own"),
    ("SELECT * FROM pg_catalog.x", "engine's own"),
    ("SELECT (", "can't be parsed"),
    (f"SELECT {'(' * 9_000}1{')' * 9_000}", "nested too deeply"),
]


@pytest.mark.parametrize(
    ("sql", "dialect"),
    [(sql, dialect) for sql in READING for dialect in ("sqlite", "postgres")]
    + [(sql, "postgres") for sql in OF_POSTGRES]
    + [(sql, "sqlite") for sql in OF_SQLITE],
)
def test_what_reads_may_run_as_it_stands(sql, dialect):
    assert check(sql, dialect) == sql


def test_what_ends_a_statement_is_left_out():
    assert check("SELECT ';' ; -- a comment", "postgres") == "SELECT ';'"
    assert check("SELECT 1 /* ; */ ;;", "sqlite") == "SELECT 1"


@pytest.mark.parametrize(("sql", "words"), REFUSED)
def test_what_may_not_run(sql, words):
    with pytest.raises(Refused, match=words):
        check(sql, "postgres")
