"""What is said of an upstream, and what is looked at because others said something."""

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import NamedTuple

import orjson
import pytest

from gateway.replicas.news import News
from gateway.server import Gateway
from tests.faults.kit import until
from tests.gateways.kit import configuration, in_memory
from tests.upstreams.kit import Running, raw_stdio


class Told(NamedTuple):
    gateway: Gateway
    news: News
    said: list[tuple[str, str]]

    @property
    def offer(self) -> str:
        """What is to be said of what `raw` offers now."""
        return orjson.dumps(["raw", self.gateway.runtime.upstreams["raw"].listing.digest()]).decode()


@pytest.fixture
async def told(tmp_path: Path, raw_sessionless: Running) -> AsyncGenerator[Told]:
    said: list[tuple[str, str]] = []
    async with in_memory(tmp_path, configuration({"raw": raw_sessionless})) as gateway:
        news = News(gateway.runtime, lambda topic, text: said.append((topic, text)))
        gateway.runtime.on_listed = news.listed
        yield Told(gateway, news, said)
        news.close()


async def test_each_change_is_said_once_and_so_is_a_change_back(told: Told, raw_sessionless: Running):
    upstream, offers = told.gateway.runtime.upstreams["raw"], []
    for extra in (["late"], ["late"], [], ["late"]):
        raw_sessionless.control(extra=extra)
        await upstream.refresh()
        offers.append(told.offer)
    assert told.said == [("raw", offers[0]), ("raw", offers[2]), ("raw", offers[3])]


async def test_what_was_heard_is_looked_at_and_not_said_again(told: Told, raw_sessionless: Running):
    upstream = told.gateway.runtime.upstreams["raw"]
    told.news.heard(told.offer)  # nothing new
    raw_sessionless.reset()
    raw_sessionless.control(extra=["late"])
    told.news.heard(orjson.dumps(["raw", "another"]).decode())
    await until(lambda: told.gateway.runtime.catalog.tool("raw_late") is not None)
    assert [each["rpc"] for each in raw_sessionless.record()].count("tools/list") == 1
    told.said.clear()
    told.news.heard(told.offer)
    await upstream.refresh()
    assert told.said == []


@pytest.mark.parametrize("text", ["no JSON", "7", '["raw"]', '["other","x"]', '["raw",1]', '[[],"x"]'])
async def test_nonsense_is_passed_over(told: Told, raw_sessionless: Running, text: str):
    raw_sessionless.reset()
    told.news.heard(text)
    await told.gateway.runtime.upstreams["raw"].ask_again()  # which would not be the only look
    assert [each["rpc"] for each in raw_sessionless.record()].count("tools/list") == 1


async def test_a_program_that_rests_is_listed_as_another_process_kept_it(tmp_path: Path):
    with raw_stdio(tmp_path) as command:
        text = configuration({"raw": command})
        async with in_memory(tmp_path, text):
            pass
        async with in_memory(tmp_path, text) as resting:
            async with in_memory(tmp_path, text) as other:
                command.control(extra=["late"])
                await other.runtime.upstreams["raw"].look()
            assert resting.runtime.catalog.tool("raw_late") is None
            started = len(command.pids())
            resting.runtime.upstreams["raw"].look_again()
            assert resting.runtime.catalog.tool("raw_late") is not None
            assert resting.runtime.upstreams["raw"].health.state == "idle"
            assert len(command.pids()) == started
