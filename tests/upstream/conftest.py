"""What tests of gateway/upstream share."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from pathlib import Path
from typing import Any

import pytest

from gateway.config.model import UpstreamConfig
from gateway.upstream.http1 import HttpClient
from gateway.upstream.http_wire import HttpWire
from gateway.upstream.upstream import Upstream
from tests.upstream.fronts import NAMESPACE, Front, Kind, config_for
from tests.upstreams.kit import Command, Running, raw_stdio

MakeClient = Callable[[str], HttpClient]
MakeWire = Callable[..., HttpWire]
MakeFront = Callable[..., Awaitable[Front]]


@pytest.fixture
def client() -> Generator[MakeClient]:
    """Makes clients, and closes them."""
    made: list[HttpClient] = []

    def make(url: str) -> HttpClient:
        made.append(HttpClient(url, connect_timeout=2.0))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
async def wire() -> AsyncGenerator[MakeWire]:
    """Makes wires to a URL, with further keys of its configuration, and closes them."""
    made: list[HttpWire] = []

    def make(url: str, **more: Any) -> HttpWire:
        made.append(HttpWire(NAMESPACE, UpstreamConfig(url=url, **more)))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
async def front(tmp_path: Path) -> AsyncGenerator[MakeFront]:
    """Puts an upstream behind the gateway, asked once for what it offers, and closes it."""
    made: list[Upstream] = []

    async def make(target: Running | Command, *, state: Path = tmp_path / "state", **more: Any) -> Front:
        made.append(Upstream(NAMESPACE, config_for(target, **more), state))
        await made[-1].start()
        await made[-1].first_round()
        return Front(made[-1], target)

    yield make
    for each in made:
        await each.close()


@pytest.fixture
def modern_command(tmp_path: Path) -> Generator[Command]:
    """The raw upstream over stdio, modern only."""
    with raw_stdio(tmp_path, era="modern") as command:
        yield command


@pytest.fixture
def legacy_era_command(tmp_path: Path) -> Generator[Command]:
    """The raw upstream over stdio, legacy only."""
    with raw_stdio(tmp_path, era="legacy") as command:
        yield command


@pytest.fixture
def both_command(tmp_path: Path) -> Generator[Command]:
    """The raw upstream over stdio, in both eras."""
    with raw_stdio(tmp_path, era="both") as command:
        yield command


@pytest.fixture
async def one(kind: Kind, request: pytest.FixtureRequest, front) -> Front:
    """An upstream of that kind, asked for what it offers, its record empty."""
    made: Front = await front(request.getfixturevalue(kind.fixture))
    made.target.reset()
    return made
