"""What is said when the database refuses, is not there, or is slow: which one, why, the cure, and no password."""

import asyncio
import time

import pytest

from tests.services.database.kit import execute

NEW = {"email": "canary@example.com", "role": "viewer", "active": True}


@pytest.fixture
async def family(serve, url):
    """A server on a parent table with a row, and a child table that refers to it."""
    await execute(
        url,
        "CREATE TABLE parent (id INTEGER PRIMARY KEY, size INTEGER CONSTRAINT size_is_small CHECK (size < 10))",
        "CREATE TABLE child (id INTEGER PRIMARY KEY, parent_id INTEGER NOT NULL REFERENCES parent (id))",
        "INSERT INTO parent VALUES (1, 1)",
        "INSERT INTO child VALUES (1, 1)",
    )
    return await serve(url)


@pytest.mark.parametrize(
    ("action", "table", "arguments", "words"),
    [
        ("insert", "parent", {"values": {"id": 1}}, "already has a row with the same value where each must differ ("),
        (
            "insert",
            "parent",
            {"values": {"id": 2, "size": 4321}},
            "has a constraint that this row breaks (size_is_small).",
        ),
        ("insert", "child", {"values": {"id": 2, "parent_id": None}}, "has a column that must not be empty ("),
        ("insert", "child", {"values": {"id": 2, "parent_id": 4321}}, "ties this row to one of another table"),
        ("delete", "parent", {"where": {"id": 1}}, "ties this row to one of another table"),
    ],
)
async def test_a_constraint_is_named_and_the_value_is_not(family, action, table, arguments, words):
    answer = await family.write(action, table, **arguments)
    assert words in answer.error
    assert "4321" not in answer.error
    assert [row["id"] for row in (await family.query("parent")).rows] == [1]


async def test_two_rows_of_one_email_name_the_column_or_its_constraint(tools, url):
    answer = await tools.write("insert", "users", values={**NEW, "email": "user-01@example.com"})
    assert ("users.email" if url.startswith("sqlite") else "users_email_key") in answer.error
    assert "user-01" not in answer.error


@pytest.fixture
async def silent():
    """The port of a server that takes connections and never says a word."""
    gone = asyncio.Event()

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()
        gone.set()

    async with await asyncio.start_server(listen, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]
        await gone.wait()


async def test_a_server_that_never_answers_is_given_up_in_time(serve, silent):
    tools = await serve(f"postgresql://user:canary@127.0.0.1:{silent}/shop", timeout=0.5)
    started = time.monotonic()
    answer = await tools.schema()
    assert time.monotonic() - started < 2
    assert answer.error == (
        f"The PostgreSQL database 'shop' at 127.0.0.1:{silent} did not answer within 0.5 s. "
        "Check that it is up and not busy, or ask for less."
    )


async def test_a_closed_port_is_said_and_found_open_later(serve, unused_tcp_port):
    tools = await serve(f"postgresql://user:canary@127.0.0.1:{unused_tcp_port}/shop")
    for _ in range(2):
        assert (await tools.schema()).error == (
            f"The PostgreSQL database 'shop' at 127.0.0.1:{unused_tcp_port} cannot be reached: connection refused. "
            "Check the database url."
        )


@pytest.mark.parametrize("seed", [None, True])
@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("postgres:@/", "guarded:canary@/"), "refuses the user or the password. Check both in the database url."),
        (("postgres:@/", "nobody:canary@/"), "refuses the user or the password. Check both in the database url."),
        (("/postgres?", "/absent?"), "does not exist. Check its name in the database url, or create it."),
        (("host=", "host=/no/such/folder"), "cannot be reached: no such file or directory. Check the database url."),
    ],
)
async def test_a_postgresql_database_that_cannot_be_used(serve, postgresql_url, seed, change, words):
    answer = await (await serve(postgresql_url.replace(*change), seed=seed)).schema()
    assert answer.error.startswith("The PostgreSQL database '")
    assert words in answer.error
    assert "canary" not in answer.error


async def test_the_right_password_is_taken(serve, postgresql_url):
    answer = await (await serve(postgresql_url.replace("postgres:@/", "guarded:right@/"), seed=None)).schema()
    assert answer.data["tables"] == []


async def test_a_host_that_does_not_resolve(serve):
    answer = await (await serve("postgresql://user:canary@[::1%25no-such-interface]/shop")).schema()
    assert "cannot be reached: its host name does not resolve. Check the database url." in answer.error


async def test_paths_that_are_no_database(serve, tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("no database, but long enough to be read as one. " * 50)
    for path, words in {
        "folder": "cannot be opened. Check the path in the database url, and the rights to its folder.",
        "file": "is a file of another kind. Check the path in the database url.",
        "file/below": "cannot be reached: ",
    }.items():
        answer = await (await serve(f"sqlite:///{tmp_path}/{path}")).query("users")
        assert answer.error.startswith(f"The SQLite database '{tmp_path}/{path}' {words}")


async def test_rights_that_are_missing_are_said(serve, postgresql_url):
    await execute(postgresql_url, "CREATE TABLE own (id INTEGER PRIMARY KEY)")
    tools = await serve(postgresql_url.replace("postgres:@/", "guarded:right@/"), seed=None)
    assert "does not let its user do this. Grant the right" in (await tools.query("own")).error


async def test_a_database_for_reading_only_is_said(serve, sqlite_url):
    await (await serve(sqlite_url)).schema()
    path = sqlite_url.removeprefix("sqlite+aiosqlite:///")
    tools = await serve(f"sqlite:///file:{path}?mode=ro&uri=true")
    assert len((await tools.query("users")).rows) == 12
    assert "may only be read" in (await tools.write("insert", "users", values=NEW)).error
