"""A gateway in memory whose call events a test can read, and one over HTTP for legacy clients."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway.guard import Guard
from gateway.model.event import CallEvent
from gateway.server import Gateway
from tests.doors.legacy_client import HandedOn
from tests.gateways.kit import Upstream, configuration, in_memory, over_http
from tests.upstreams.kit import Running


@dataclass(frozen=True)
class Watched:
    """A gateway, and every call event of its guard."""

    gateway: Gateway
    events: list[CallEvent]

    @property
    def calls(self) -> list[tuple[str, str]]:
        """Name and outcome of each call, in the order in which they ended."""
        return [(event.name, event.outcome) for event in self.events]


Watch = Callable[..., AbstractAsyncContextManager[Watched]]


@pytest.fixture
def watch(tmp_path: Path) -> Watch:
    """`watch(raw=upstream)`: a gateway with these upstreams and the service `own`."""

    @asynccontextmanager
    async def watching(more: str = "", **upstreams: Upstream) -> AsyncGenerator[Watched]:
        async with in_memory(tmp_path, configuration(upstreams, more)) as gateway:
            events: list[CallEvent] = []
            gateway.runtime.guard = Guard([events.append])
            yield Watched(gateway, events)

    return watching


@pytest.fixture
def handed_on(monkeypatch: pytest.MonkeyPatch) -> HandedOn:
    """What comes through the legacy express door."""
    return HandedOn(monkeypatch)


@pytest.fixture
async def url(tmp_path: Path, raw_modern: Running, raw_legacy: Running, handed_on: HandedOn) -> AsyncGenerator[str]:
    """A gateway with a modern and a legacy upstream."""
    async with over_http(tmp_path, configuration({"modern": raw_modern, "legacy": raw_legacy})) as (_, url):
        yield url
