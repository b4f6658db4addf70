"""Redis lost and back: calls and lists go on, and replicas are in step again soon after."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from gateway.server import Gateway
from tests.contract.pairs import Era
from tests.contract.wire import Answer, Wire, wire
from tests.faults.kit import until
from tests.gateways.kit import configuration, over_http, plain_http
from tests.replicas.valkey import Valkey, valkey
from tests.upstreams.kit import Running

RESYNC_SECONDS = 5.0


@asynccontextmanager
async def replica(folder: Path, upstream: Running, server: Valkey) -> AsyncGenerator[tuple[Gateway, str]]:
    folder.mkdir()  # noqa: ASYNC240
    text = configuration({"raw": upstream}, f'[replicas]\nurl = "{server.url}"')
    async with over_http(folder, text) as (gateway, url):
        await gateway.replicas.tried()
        yield gateway, url


class Load:
    """Calls and lists without a pause, for as long as the block lasts; every answer is kept by its HTTP status."""

    def __init__(self, *clients: Wire):
        self._clients = clients
        self.answers: Counter[int] = Counter()
        self.errors: list[Any] = []

    async def __aenter__(self) -> "Load":
        self._tasks = [asyncio.create_task(self._ask(client)) for client in self._clients]
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        ended = await asyncio.gather(*self._tasks, return_exceptions=True)
        self.errors += [error for error in ended if not isinstance(error, asyncio.CancelledError)]

    async def _ask(self, client: Wire) -> None:
        while True:
            self._note(await client.call("raw_echo", text="x"))
            self._note(await client.ask("tools/list"))

    def _note(self, answer: Answer) -> None:
        self.answers[answer.status] += 1
        if "error" in answer.final:
            self.errors.append(answer.error)


async def told(url: str) -> tuple[list[str], str]:
    """What readiness and metrics say of the link."""
    async with plain_http() as http:
        ready = await http.get(url.replace("/mcp", "/readyz"))
        metrics = await http.get(url.replace("/mcp", "/metrics"))
    assert ready.status_code == 200
    return ready.json()["reasons"], metrics.text


@pytest.mark.parametrize("era", ["modern", "legacy"])
async def test_redis_lost_and_back(era: Era, tmp_path: Path, raw_sessionless: Running) -> None:
    with valkey() as server:
        async with (
            replica(tmp_path / "a", raw_sessionless, server) as (one, one_url),
            replica(tmp_path / "b", raw_sessionless, server) as (other, other_url),
            wire(one_url, era) as at_one,
            wire(other_url, era) as at_other,
            Load(at_one, at_other) as load,
        ):
            server.die()
            await until(lambda: {each.replicas.state()["state"] for each in (one, other)} == {"lost"})
            reasons, metrics = await told(one_url)
            assert reasons == ["the link to replicas is lost"]
            assert 'gateway_replicas_state{state="lost"} 1.0' in metrics
            raw_sessionless.control(extra=["late"])
            assert "result" in (await at_one.call("raw_late")).final
            assert other.runtime.catalog.tool("raw_late") is None
            began = time.monotonic()
            server.come_back()
            await until(lambda: other.runtime.catalog.tool("raw_late") is not None, RESYNC_SECONDS)
            print(f"in step again after {time.monotonic() - began:.2f} s; answers: {load.answers.total()}")
            await until(lambda: one.replicas.state()["state"] == "connected", RESYNC_SECONDS)
            assert (await told(one_url))[0] == []
        assert load.errors == []
        assert set(load.answers) == {200}
        assert load.answers.total() > 20


async def test_redis_not_there_at_the_start(tmp_path: Path, raw_sessionless: Running) -> None:
    with valkey() as server:
        server.die()
        began = time.monotonic()
        async with replica(tmp_path / "a", raw_sessionless, server) as (gateway, url), wire(url, "modern") as client:
            assert time.monotonic() - began < 5
            assert "result" in (await client.call("raw_echo", text="x")).final
            server.come_back()
            await until(lambda: gateway.replicas.state()["state"] == "connected", RESYNC_SECONDS)
