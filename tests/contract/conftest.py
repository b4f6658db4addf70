"""One gateway in front of every kind of upstream, kept for all tests of a process."""

import contextlib
from collections.abc import AsyncGenerator, Callable, Generator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from tests.cli.conftest import logs_as_they_were, verb  # noqa: F401 (fixtures)
from tests.conftest import Keep
from tests.contract.pairs import KINDS, Kind, Pair
from tests.gateways.kit import Served, configuration, over_http, served
from tests.upstreams.kit import Command, Running, fastmcp_http, legacy_http, raw_http, raw_sse, raw_stdio

Upstreams = Mapping[str, Running | Command]
Replica = Callable[..., AbstractAsyncContextManager[str]]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "requirement(*ids): what of tests/contract/requirements.py a test shows")


def one_of_each(start: Keep, folders: pytest.TempPathFactory) -> Upstreams:
    """An upstream of each kind, by namespace, started by `start`; those over stdio are for the gateway to start."""
    return {
        "modern": start(raw_http(era="modern")),
        "modern-json": start(raw_http(era="modern", answer="json")),
        "session": start(raw_http(era="legacy")),
        "session-json": start(raw_http(era="legacy", answer="json")),
        "sessionless": start(raw_http(era="legacy", session=False)),
        "sse": start(raw_sse()),
        "pipe": raw_stdio(folders.mktemp("pipe"), era="modern"),
        "legacy-pipe": raw_stdio(folders.mktemp("pipe"), era="legacy"),
        "fastmcp": start(fastmcp_http()),
        "mcp-1": start(legacy_http()),
    }


@pytest.fixture(scope="session")
def every_kind(tmp_path_factory: pytest.TempPathFactory) -> Generator[Upstreams]:
    """One upstream of each kind, by namespace; the gateway listens to them, so they are in no other test's record."""
    with contextlib.ExitStack() as stack:
        yield one_of_each(stack.enter_context, tmp_path_factory)


@pytest.fixture(scope="session")
def kept_gateway(every_kind: Upstreams, tmp_path_factory: pytest.TempPathFactory) -> Generator[Served]:
    folder: Path = tmp_path_factory.mktemp("gateway")
    with served(folder, configuration(every_kind)) as gateway:
        yield gateway


@pytest.fixture
def gateway(kept_gateway: Served, every_kind: Upstreams) -> Served:
    """The gateway in front of upstreams that are all well."""
    for kind in KINDS:
        made_well(kind, every_kind[kind.namespace])
    return kept_gateway


@pytest.fixture
def pair(request: pytest.FixtureRequest, kept_gateway: Served, every_kind: Upstreams) -> Pair:
    client_era, kind = request.param
    upstream = every_kind[kind.namespace]
    made_well(kind, upstream)
    return Pair(client_era, kind, kept_gateway, upstream)


@pytest.fixture
def replica(tmp_path_factory: pytest.TempPathFactory) -> Replica:
    """`replica("[server]\npage_size = 3", raw=upstream)`: the URL of one more gateway with that configuration."""

    @asynccontextmanager
    async def started(more: str = "", **upstreams: Running) -> AsyncGenerator[str]:
        async with over_http(tmp_path_factory.mktemp("replica"), configuration(upstreams, more)) as (_, url):
            yield url

    return started


def made_well(kind: Kind, upstream: Running | Command) -> None:
    """Without a fault, if it is of a kind that can have one, and with an empty record."""
    if kind.is_raw:
        upstream.control()
    upstream.reset()
