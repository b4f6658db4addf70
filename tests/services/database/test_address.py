"""Which urls name a database that the service can use, and how they are told."""

import pytest
from fastmcp.exceptions import ToolError

from services.database.address import parse_address


@pytest.mark.parametrize(
    ("text", "url", "label"),
    [
        (
            "sqlite+aiosqlite:///var/a.db",
            "sqlite+aiosqlite:///var/a.db",
            "The SQLite database 'var/a.db'",
        ),
        ("sqlite:////srv/a.db", "sqlite+aiosqlite:////srv/a.db", "The SQLite database '/srv/a.db'"),
        (
            "postgresql://u:canary@db.example.com/shop",
            "postgresql+asyncpg://u:canary@db.example.com/shop",
            "The PostgreSQL database 'shop' at db.example.com:5432",
        ),
        (
            "postgres://u@db.example.com:6432/shop?sslmode=require",
            "postgresql+asyncpg://u@db.example.com:6432/shop?ssl=require",
            "The PostgreSQL database 'shop' at db.example.com:6432",
        ),
        (
            "postgresql+asyncpg://u@/shop?host=/run/postgresql",
            "postgresql+asyncpg://u@/shop?host=/run/postgresql",
            "The PostgreSQL database 'shop' at /run/postgresql:5432",
        ),
    ],
)
def test_urls_are_brought_to_their_async_driver_and_labelled_without_password(text, url, label):
    address = parse_address(text)
    assert address.url.render_as_string(hide_password=False).replace("%2F", "/") == url
    assert address.label == label


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("canary", "cannot be read"),
        ("postgresql://user:canary@host:port/name", "cannot be read"),
        ("mysql+aiomysql://user:canary@host/name", "unknown driver. Use sqlite+aiosqlite or postgresql+asyncpg."),
        ("postgresql+psycopg://user:canary@host/name", "unknown driver"),
        ("postgresql://user:canary@host/name?canary=1", "unknown option. Known are host, passfile, port, ssl, "),
        ("sqlite:///a.db?timeout=canary", "unknown option. Known are cache, immutable, mode, uri."),
        ("sqlite://", "names no file"),
        ("sqlite+aiosqlite:///:memory:", "names no file"),
    ],
)
async def test_other_urls_are_refused_at_the_first_call_and_not_repeated(serve, text, words):
    with pytest.raises(ToolError):
        parse_address(text)
    answer = await (await serve(text)).schema()
    assert words in answer.error
    assert "canary" not in answer.error
