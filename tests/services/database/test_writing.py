"""Writes from outside: what each action does, and what is refused before anything is changed."""

import pytest

from tests.services.database.kit import count, execute

NEW = {"email": "new@example.com", "role": "viewer", "active": True}
MISFITS = [
    ("insert", {"values": NEW, "where": {"id": 1}}, "The action insert takes no where. Leave it out."),
    ("delete", {"where": {"id": 1}, "values": NEW}, "The action delete takes no values. Leave it out."),
    ("insert", {}, "The action insert needs values. Give an object of columns and their values."),
    ("insert", {"values": []}, "The action insert needs values."),
    ("insert", {"values": [{}]}, "must all name the same columns"),
    ("insert", {"values": [NEW, {"email": "x"}]}, "must all name the same columns"),
    ("update", {"values": [NEW], "where": {"id": 1}}, "takes one object of values, not a list"),
    ("insert", {"values": NEW, "returning": ["canary"]}, "In returning, there is no such column. Table 'users' has "),
    ("update", {"values": NEW, "where": {"canary": 1}}, "In where, there is no such column."),
    ("insert", {"values": {"canary": 1}}, "In values, there is no such column."),
    ("delete", {"where": {"id; DROP TABLE users": 1}}, "In where, there is no such column."),
]


async def test_insert_gives_the_primary_key_or_the_columns_asked_for(tools):
    assert (await tools.write("insert", "users", values=NEW)).rows == [{"id": 13}]
    more = [{**NEW, "email": f"more-{n}@example.com"} for n in range(3)]
    answer = await tools.write("insert", "users", values=more, returning=["email", "id"])
    assert answer.rows == [{"email": f"more-{n}@example.com", "id": 14 + n} for n in range(3)]
    assert answer.data["row_count"] == 3


async def test_insert_into_a_table_without_a_primary_key_gives_the_rows(serve, url):
    await execute(url, "CREATE TABLE plain (a INTEGER, b VARCHAR(9))")
    tools = await serve(url)
    assert (await tools.write("insert", "plain", values=[{"a": 1}, {"a": 2}])).rows == [
        {"a": 1, "b": None},
        {"a": 2, "b": None},
    ]


async def test_update_and_delete_change_the_rows_that_match(tools):
    updated = await tools.write("update", "users", values={"role": "owner", "active": False}, where={"role": "admin"})
    assert updated.data == {"rows": [], "row_count": 4, "truncated": False, "dry_run": False}
    assert len((await tools.query("users", where={"role": "owner", "active": False})).rows) == 4
    deleted = await tools.write("delete", "users", where={"role": "owner"})
    assert deleted.data["row_count"] == 4
    assert (await tools.write("delete", "users", where={"role": "owner"})).data["row_count"] == 0


@pytest.mark.parametrize(("action", "values"), [("update", {"values": {"active": True}}), ("delete", {})])
async def test_update_and_delete_of_everything_must_be_said(tools, action, values):
    for where in ({}, {"where": {}}, {"where": {"id": {}}}):
        assert "where" in (await tools.write(action, "users", **values, **where)).error
    everything = await tools.write(action, "users", **values, where={"id": {"is_null": False}})
    assert everything.data["row_count"] == 12


async def test_what_does_not_fit_the_action_is_refused_with_its_cure(tools, url):
    for action, arguments, words in MISFITS:
        answer = await tools.write(action, "users", **arguments)
        assert words in answer.error
        assert "canary" not in answer.error
    assert await count(url, "users") == 12


async def test_an_insert_of_too_many_rows_is_refused_whole(serve, url):
    tools = await serve(url, max_rows=3)
    answer = await tools.write("insert", "users", values=[{**NEW, "email": str(n)} for n in range(4)])
    assert answer.error == "An insert takes at most 3 rows at once. Insert the rest with further calls."
    assert await count(url, "users") == 12


async def test_hundreds_of_rows_go_in_one_call(tools):
    emails = [f"many-{n}@example.com" for n in range(900)]
    answer = await tools.write(
        "insert", "users", values=[{**NEW, "email": email} for email in emails], returning=["id", "email"]
    )
    assert sorted(row["email"] for row in answer.rows) == sorted(emails)
    assert {row["id"] for row in answer.rows} == set(range(13, 913))


async def test_a_write_is_kept_whole_or_not_at_all(tools, url):
    rows = [{**NEW, "email": "first@example.com"}, {**NEW, "email": "user-01@example.com"}]
    assert "already has a row" in (await tools.write("insert", "users", values=rows)).error
    assert await count(url, "users") == 12


async def test_values_are_bound_and_never_part_of_the_statement(tools, url):
    hostile = "x'); DROP TABLE users; --"
    added = await tools.write("insert", "users", values={**NEW, "email": hostile}, returning=["email"])
    assert added.rows == [{"email": hostile}]
    assert (await tools.query("users", columns=["email"], where={"email": hostile})).rows == added.rows


async def test_names_of_any_spelling_are_quoted(serve, url):
    await execute(url, 'CREATE TABLE "Order Item" ("select" INTEGER PRIMARY KEY, "a""b" VARCHAR(9), "-c" INTEGER)')
    tools = await serve(url)
    await tools.write(
        "insert", "Order Item", values=[{"select": 1, 'a"b': "x", "-c": 2}, {"select": 2, 'a"b': "y", "-c": 1}]
    )
    answer = await tools.query("Order Item", where={"select": {"ge": 1}}, order_by=["-c"])
    assert answer.rows == [{"select": 2, 'a"b': "y", "-c": 1}, {"select": 1, 'a"b': "x", "-c": 2}]


async def test_update_and_delete_give_the_columns_asked_for(tools):
    where = {"role": "admin"}
    updated = await tools.write("update", "users", values={"role": "owner"}, where=where, returning=["id", "role"])
    assert sorted(row["id"] for row in updated.rows) == [3, 6, 9, 12]
    assert {row["role"] for row in updated.rows} == {"owner"}
    deleted = await tools.write("delete", "users", where={"role": "owner"}, returning=["email"])
    assert len(deleted.rows) == 4


async def test_more_rows_than_an_answer_takes_are_written_and_counted(serve, url):
    tools = await serve(url, max_rows=3)
    updated = await tools.write("update", "users", values={"active": True}, where={"id": {"gt": 2}}, returning=["id"])
    assert (len(updated.rows), updated.data["row_count"], updated.data["truncated"]) == (3, 10, True)


@pytest.mark.parametrize(
    ("action", "arguments", "rows"),
    [
        ("insert", {"values": [NEW, {**NEW, "email": "b@example.com"}]}, 2),
        ("update", {"values": {"active": False}, "where": {"role": "admin"}}, 4),
        ("delete", {"where": {"id": {"gt": 5}}}, 7),
        ("delete", {"where": {"id": 99}}, 0),
    ],
)
async def test_a_dry_run_says_how_many_rows_and_changes_none(tools, action, arguments, rows):
    before = (await tools.query("users")).rows
    answer = await tools.write(action, "users", **arguments, dry_run=True)
    assert (answer.data["row_count"], answer.data["dry_run"]) == (rows, True)
    assert (await tools.query("users")).rows == before


async def test_a_dry_run_tries_the_constraints(tools):
    answer = await tools.write("insert", "users", values={**NEW, "email": "user-01@example.com"}, dry_run=True)
    assert "already has a row" in answer.error


async def test_rows_too_large_to_give_back_are_not_written(serve, url):
    await execute(url, "CREATE TABLE texts (id INTEGER PRIMARY KEY, body TEXT)")
    tools = await serve(url, max_bytes=2_000)
    large = {"id": 1, "body": "x" * 3_000}
    answer = await tools.write("insert", "texts", values=large, returning=["body"])
    assert "Name fewer columns in returning." in answer.error
    assert await count(url, "texts") == 0
    assert (await tools.write("insert", "texts", values=large)).rows == [{"id": 1}]
