"""A gateway in memory whose call events a test can read."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway.guard import Guard
from gateway.model.event import CallEvent
from gateway.server import Gateway
from tests.gateways.kit import Upstream, configuration, in_memory


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
