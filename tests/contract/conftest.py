"""One gateway in front of every kind of upstream, kept for all tests of a process."""

import contextlib
from collections.abc import Generator, Mapping
from pathlib import Path

import pytest

from tests.contract.pairs import KINDS, Era, Kind, Pair
from tests.gateways.kit import Served, configuration, served
from tests.upstreams.kit import Command, Running, fastmcp_http, legacy_http, raw_http, raw_sse, raw_stdio

Upstreams = Mapping[str, Running | Command]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "requirement(*ids): what of tests/contract/requirements.py a test shows")


@pytest.fixture(scope="session")
def every_kind(tmp_path_factory: pytest.TempPathFactory) -> Generator[Upstreams]:
    """One upstream of each kind, by namespace; the gateway listens to them, so they are in no other test's record."""
    with contextlib.ExitStack() as stack:

        def piped(era: Era) -> Command:
            return stack.enter_context(raw_stdio(tmp_path_factory.mktemp(era), era=era))

        yield {
            "modern": stack.enter_context(raw_http(era="modern")),
            "modern-json": stack.enter_context(raw_http(era="modern", answer="json")),
            "session": stack.enter_context(raw_http(era="legacy")),
            "session-json": stack.enter_context(raw_http(era="legacy", answer="json")),
            "sessionless": stack.enter_context(raw_http(era="legacy", session=False)),
            "sse": stack.enter_context(raw_sse()),
            "pipe": piped("modern"),
            "legacy-pipe": piped("legacy"),
            "fastmcp": stack.enter_context(fastmcp_http()),
            "mcp-1": stack.enter_context(legacy_http()),
        }


@pytest.fixture(scope="session")
def kept_gateway(every_kind: Upstreams, tmp_path_factory: pytest.TempPathFactory) -> Generator[Served]:
    folder: Path = tmp_path_factory.mktemp("gateway")
    with served(folder, configuration(every_kind)) as gateway:
        yield gateway


@pytest.fixture
def gateway(kept_gateway: Served, every_kind: Upstreams) -> Served:
    """The gateway in front of upstreams that are all well."""
    for kind in KINDS:
        _made_well(kind, every_kind[kind.namespace])
    return kept_gateway


@pytest.fixture
def pair(request: pytest.FixtureRequest, kept_gateway: Served, every_kind: Upstreams) -> Pair:
    client_era, kind = request.param
    upstream = every_kind[kind.namespace]
    _made_well(kind, upstream)
    return Pair(client_era, kind, kept_gateway, upstream)


def _made_well(kind: Kind, upstream: Running | Command) -> None:
    """Without a fault, if it is of a kind that can have one, and with an empty record."""
    if kind.is_raw:
        upstream.control()
    upstream.reset()
