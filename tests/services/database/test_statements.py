"""Queries from outside: what each action does, and what is refused before anything is changed."""

import pytest

from tests.services.database.kit import count, execute

NEW = {"email": "new@example.com", "role": "viewer", "active": True}
MISFITS = [
    ("select", {"values": {}}, "The action select takes no values. Leave it out."),
    ("insert", {"values": NEW, "where": {"id": 1}}, "The action insert takes no where. Leave it out."),
    ("update", {"values": NEW, "where": {"id": 1}, "limit": 1}, "The action update takes no limit. Leave it out."),
    ("delete", {"where": {"id": 1}, "order_by": ["id"]}, "The action delete takes no order_by. Leave it out."),
    ("insert", {}, "The action insert needs values. Give an object of columns and their values."),
    ("insert", {"values": []}, "The action insert needs values."),
    ("insert", {"values": [{}]}, "must all name the same columns"),
    ("insert", {"values": [NEW, {"email": "x"}]}, "must all name the same columns"),
    ("update", {"values": [NEW], "where": {"id": 1}}, "takes one object of values, not a list"),
    ("select", {"columns": ["canary"]}, "In columns, there is no such column. Table 'users' has active, email, "),
    ("select", {"order_by": ["-canary"]}, "In order_by, there is no such column."),
    ("select", {"where": {"canary": 1}}, "In where, there is no such column."),
    ("insert", {"values": {"canary": 1}}, "In values, there is no such column."),
    ("select", {"where": {"id; DROP TABLE users": 1}}, "In where, there is no such column."),
]


async def test_select_takes_columns_conditions_order_and_a_window(tools):
    answer = await tools.query(
        "select",
        "products",
        columns=["name", "stock"],
        where={"category": "office"},
        order_by=["-stock"],
        limit=2,
        offset=1,
    )
    assert answer.data == {
        "rows": [{"name": "Stapler", "stock": 35}, {"name": "Desk lamp", "stock": 25}],
        "row_count": 2,
        "truncated": True,
    }


async def test_select_is_ordered_by_the_primary_key_unless_told(tools):
    ids = [row["id"] for row in (await tools.query("select", "users", columns=["id"])).rows]
    by_role = (await tools.query("select", "users", columns=["role", "id"], order_by=["role", "-id"])).rows
    assert ids == list(range(1, 13))
    assert by_role == sorted(by_role, key=lambda row: (row["role"], -row["id"]))


@pytest.mark.parametrize(("limit", "rows", "truncated"), [(None, 5, True), (3, 3, True), (9, 5, True)])
async def test_no_more_rows_than_the_limit_set_are_read(serve, url, limit, rows, truncated):
    tools = await serve(url, max_rows=5)
    answer = await tools.query("select", "users", **({"limit": limit} if limit else {}))
    assert (len(answer.rows), answer.data["row_count"], answer.data["truncated"]) == (rows, rows, truncated)


async def test_all_rows_are_not_called_truncated(serve, url):
    answer = await (await serve(url, max_rows=12)).query("select", "users")
    assert (answer.data["row_count"], answer.data["truncated"]) == (12, False)


async def test_insert_gives_the_primary_key_or_the_columns_asked_for(tools):
    assert (await tools.query("insert", "users", values=NEW)).rows == [{"id": 13}]
    more = [{**NEW, "email": f"more-{n}@example.com"} for n in range(3)]
    answer = await tools.query("insert", "users", values=more, columns=["email", "id"])
    assert answer.rows == [{"email": f"more-{n}@example.com", "id": 14 + n} for n in range(3)]
    assert answer.data["row_count"] == 3


async def test_insert_into_a_table_without_a_primary_key_gives_the_rows(serve, url):
    await execute(url, "CREATE TABLE plain (a INTEGER, b VARCHAR(9))")
    tools = await serve(url)
    assert (await tools.query("insert", "plain", values=[{"a": 1}, {"a": 2}])).rows == [
        {"a": 1, "b": None},
        {"a": 2, "b": None},
    ]


async def test_update_and_delete_change_the_rows_that_match(tools):
    updated = await tools.query("update", "users", values={"role": "owner", "active": False}, where={"role": "admin"})
    assert updated.data == {"rows": [], "row_count": 4, "truncated": False}
    assert len((await tools.query("select", "users", where={"role": "owner", "active": False})).rows) == 4
    deleted = await tools.query("delete", "users", where={"role": "owner"})
    assert deleted.data["row_count"] == 4
    assert (await tools.query("delete", "users", where={"role": "owner"})).data["row_count"] == 0


@pytest.mark.parametrize(("action", "values"), [("update", {"values": {"active": True}}), ("delete", {})])
async def test_update_and_delete_of_everything_must_be_said(tools, action, values):
    for where in ({}, {"where": {}}, {"where": {"id": {}}}):
        assert "where" in (await tools.query(action, "users", **values, **where)).error
    everything = await tools.query(action, "users", **values, where={"id": {"is_null": False}})
    assert everything.data["row_count"] == 12


async def test_what_does_not_fit_the_action_is_refused_with_its_cure(tools, url):
    for action, arguments, words in MISFITS:
        answer = await tools.query(action, "users", **arguments)
        assert words in answer.error
        assert "canary" not in answer.error
    assert await count(url, "users") == 12


async def test_an_unknown_table_is_told_which_there_are(tools):
    answer = await tools.query("select", "users; DROP TABLE users")
    assert answer.error == "There is no such table. The database has products, users."


async def test_an_insert_of_too_many_rows_is_refused_whole(serve, url):
    tools = await serve(url, max_rows=3)
    answer = await tools.query("insert", "users", values=[{**NEW, "email": str(n)} for n in range(4)])
    assert answer.error == "An insert takes at most 3 rows at once. Insert the rest with further calls."
    assert await count(url, "users") == 12


async def test_hundreds_of_rows_go_in_one_call(tools):
    emails = [f"many-{n}@example.com" for n in range(900)]
    answer = await tools.query(
        "insert", "users", values=[{**NEW, "email": email} for email in emails], columns=["id", "email"]
    )
    assert sorted(row["email"] for row in answer.rows) == sorted(emails)
    assert {row["id"] for row in answer.rows} == set(range(13, 913))


async def test_a_write_is_kept_whole_or_not_at_all(tools, url):
    rows = [{**NEW, "email": "first@example.com"}, {**NEW, "email": "user-01@example.com"}]
    assert "already has a row" in (await tools.query("insert", "users", values=rows)).error
    assert await count(url, "users") == 12


async def test_values_are_bound_and_never_part_of_the_statement(tools, url):
    hostile = "x'); DROP TABLE users; --"
    added = await tools.query("insert", "users", values={**NEW, "email": hostile}, columns=["email"])
    assert added.rows == [{"email": hostile}]
    assert (await tools.query("select", "users", columns=["email"], where={"email": hostile})).rows == added.rows


async def test_names_of_any_spelling_are_quoted(serve, url):
    await execute(url, 'CREATE TABLE "Order Item" ("select" INTEGER PRIMARY KEY, "a""b" VARCHAR(9), "-c" INTEGER)')
    tools = await serve(url)
    await tools.query(
        "insert", "Order Item", values=[{"select": 1, 'a"b': "x", "-c": 2}, {"select": 2, 'a"b': "y", "-c": 1}]
    )
    answer = await tools.query("select", "Order Item", where={"select": {"ge": 1}}, order_by=["-c"])
    assert answer.rows == [{"select": 2, 'a"b': "y", "-c": 1}, {"select": 1, 'a"b': "x", "-c": 2}]
