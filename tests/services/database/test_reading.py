"""Pages from outside: columns, conditions and order; every row once, whatever its key, its nulls and its equals."""

from itertools import product

import pytest

from tests.services.database.kit import execute

MISFITS = [
    ({"columns": ["canary"]}, "In columns, there is no such column. Table 'users' has active, email, "),
    ({"order_by": ["-canary"]}, "In order_by, there is no such column."),
    ({"order_by": ["id", "-id"]}, "In order_by, a column is named twice. Name each once."),
    ({"where": {"canary": 1}}, "In where, there is no such column."),
    ({"where": {"id; DROP TABLE users": 1}}, "In where, there is no such column."),
    ({"cursor": "canary"}, "The cursor is broken. Send next_cursor of the page before as it is, or leave it out"),
]
TIES = """CREATE TABLE ties (a VARCHAR(9) NOT NULL, b INTEGER NOT NULL, x INTEGER, y VARCHAR(9), z FLOAT,
    PRIMARY KEY (b, a))"""


async def all_pages(tools, table, **arguments):
    """The rows of all pages, and how many pages they were."""
    rows, pages, cursor = [], 0, None
    while pages == 0 or cursor is not None:
        answer = await tools.query(table, **arguments, **({"cursor": cursor} if cursor else {}))
        rows += answer.rows
        pages, cursor = pages + 1, answer.data["next_cursor"]
        assert answer.data["truncated"] is (cursor is not None)
    return rows, pages


@pytest.fixture
async def ties(serve, url):
    """A table with a composite key, whose other columns are often equal and often null."""
    values = [
        f"('{a}', {b}, {x}, {y}, {z})"
        for b, (a, x, y, z) in enumerate(product("pq", (1, 2, "NULL"), ("'s'", "NULL"), (0.1, -3.5, "NULL")))
    ]
    await execute(url, TIES, f"INSERT INTO ties VALUES {', '.join(values)}")
    return await serve(url)


async def test_columns_conditions_order_and_a_limit(tools):
    answer = await tools.query(
        "products", columns=["name", "stock"], where={"category": "office"}, order_by=["-stock"], limit=2
    )
    assert answer.rows == [{"name": "Paper tray", "stock": 40}, {"name": "Stapler", "stock": 35}]
    assert (answer.data["row_count"], answer.data["truncated"]) == (2, True)


async def test_rows_are_ordered_by_the_primary_key_unless_told(tools):
    ids = [row["id"] for row in (await tools.query("users", columns=["id"])).rows]
    by_role = (await tools.query("users", columns=["role", "id"], order_by=["role", "-id"])).rows
    assert ids == list(range(1, 13))
    assert by_role == sorted(by_role, key=lambda row: (row["role"], -row["id"]))


@pytest.mark.parametrize(("limit", "rows", "truncated"), [(None, 5, True), (3, 3, True), (9, 5, True)])
async def test_no_more_rows_than_the_limit_set_are_read(serve, url, limit, rows, truncated):
    tools = await serve(url, max_rows=5)
    answer = await tools.query("users", **({"limit": limit} if limit else {}))
    assert (len(answer.rows), answer.data["row_count"], answer.data["truncated"]) == (rows, rows, truncated)


async def test_the_last_page_says_so(serve, url):
    answer = await (await serve(url, max_rows=12)).query("users")
    assert (answer.data["row_count"], answer.data["truncated"], answer.data["next_cursor"]) == (12, False, None)


@pytest.mark.parametrize(
    "order_by",
    [[], ["x"], ["-x"], ["y", "-x"], ["-z", "y"], ["z", "x", "y"], ["-a"], ["a", "b"], ["-b", "-a"], ["-y", "a"]],
    ids=",".join,
)
async def test_pages_have_every_row_once_in_order(ties, order_by):
    whole = (await ties.query("ties", order_by=order_by)).rows
    rows, pages = await all_pages(ties, "ties", order_by=order_by, limit=5)
    assert (rows, pages) == (whole, 8)
    assert len({(row["a"], row["b"]) for row in rows}) == 36


async def test_null_counts_as_the_greatest_on_both_kinds_of_database(ties):
    up = [row["x"] for row in (await ties.query("ties", order_by=["x"])).rows]
    down = [row["x"] for row in (await ties.query("ties", order_by=["-x"])).rows]
    assert up == [1] * 12 + [2] * 12 + [None] * 12
    assert down == up[::-1]


async def test_pages_need_none_of_the_columns_of_the_key(ties):
    rows, _ = await all_pages(ties, "ties", columns=["y"], order_by=["x"], where={"b": {"lt": 30}}, limit=7)
    assert len(rows) == 30
    assert all(list(row) == ["y"] for row in rows)


async def test_rows_that_come_and_go_between_pages_shift_nothing(tools):
    first = await tools.query("users", columns=["id"], limit=4)
    await tools.write("delete", "users", where={"id": {"in": [2, 4, 5]}})
    second = await tools.query("users", columns=["id"], limit=4, cursor=first.data["next_cursor"])
    assert [row["id"] for row in second.rows] == [6, 7, 8, 9]


async def test_keys_of_every_kind_can_be_paged(serve, postgresql_url):
    kinds = {
        "UUID": "gen_random_uuid()",
        "NUMERIC(9, 2)": "n * 1.25",
        "DOUBLE PRECISION": "n / 3.0",
        "TIMESTAMPTZ": "TIMESTAMPTZ '2026-01-01 00:00:00.123456+02' + n * INTERVAL '1 h'",
        "TIMESTAMP": "TIMESTAMP '2026-01-01' + n * INTERVAL '1 us'",
        "DATE": "DATE '2026-01-01' + n",
        "TIME": "TIME '01:00' + n * INTERVAL '1 us'",
        "BYTEA": "int4send(n)",
        "BOOLEAN": "n = 1",
    }
    tools = await serve(postgresql_url, max_rows=1, seed=False)
    for number, (kind, value) in enumerate(kinds.items()):
        table = f"kind_{number}"
        await execute(
            postgresql_url,
            f"CREATE TABLE {table} (k {kind} PRIMARY KEY)",
            f"INSERT INTO {table} SELECT {value} FROM generate_series(1, 2) n",
        )
        rows, pages = await all_pages(tools, table)
        assert (len(rows), pages) == (2, 2), kind
        assert rows[0] != rows[1]


async def test_a_table_without_a_key_has_one_page_and_says_why(serve, url):
    await execute(url, "CREATE TABLE plain (a INTEGER, b INTEGER UNIQUE)", "INSERT INTO plain VALUES (1, 1), (1, 2)")
    tools = await serve(url)
    answer = await tools.query("plain", order_by=["b"], limit=1)
    assert (answer.rows, answer.data["truncated"], answer.data["next_cursor"]) == ([{"a": 1, "b": 1}], True, None)
    assert "Table 'plain' has no primary key" in (await tools.query("plain", cursor="x")).error


async def test_a_cursor_is_good_for_its_own_query_only(tools):
    cursor = (await tools.query("users", limit=4)).data["next_cursor"]
    for other in ({"where": {"id": 1}}, {"order_by": ["role"]}, {"table": "products"}):
        answer = await tools.query(**{"table": "users", "cursor": cursor, **other})
        assert "The cursor belongs to another query." in answer.error
    assert len((await tools.query("users", limit=2, columns=["role"], cursor=cursor)).rows) == 2


async def test_a_cursor_that_was_touched_is_refused(tools):
    cursor = (await tools.query("users", limit=4)).data["next_cursor"]
    for broken in (cursor[:-4], cursor[4:], cursor[:8], cursor + "AAAA", "", "é", "[" * 5000, "A" * 400):
        answer = await tools.query("users", limit=4, cursor=broken)
        assert answer.error
        assert "cursor" in answer.error


async def test_a_page_ends_where_an_answer_would_be_too_large(serve, url):
    tools = await serve(url, max_bytes=2_000)
    emails = [f"{n:03}-{'x' * 150}@example.com" for n in range(30)]
    for email in emails:
        await tools.write("insert", "users", values={"email": email, "role": "a", "active": True})
    rows, pages = await all_pages(tools, "users", columns=["email"], where={"role": "a"})
    assert [row["email"] for row in rows] == emails
    assert pages == 3


async def test_a_row_larger_than_an_answer_is_an_error_with_its_cure(serve, url):
    tools = await serve(url, max_bytes=2_000)
    await execute(url, "CREATE TABLE texts (id INTEGER PRIMARY KEY, body TEXT)")
    await tools.write("insert", "texts", values={"id": 1, "body": "canary" * 1_000})
    answer = await tools.query("texts")
    assert answer.error == (
        "One row is larger than the 2000 bytes that an answer may have. Name fewer columns in columns."
    )
    assert (await tools.query("texts", columns=["id"])).rows == [{"id": 1}]


async def test_what_does_not_fit_is_refused_with_its_cure(tools):
    for arguments, words in MISFITS:
        answer = await tools.query("users", **arguments)
        assert words in answer.error
        assert "canary" not in answer.error


async def test_an_unknown_table_is_told_which_there_are(tools):
    answer = await tools.query("users; DROP TABLE users")
    assert answer.error == "There is no such table. The database has customers, order_items, orders, products, users."
