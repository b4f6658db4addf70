"""What replicas tell each other of upstreams that tell nobody that their lists changed."""

import time
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import orjson
import pytest
from redis.asyncio import Redis

from gateway.config.model import ReplicasConfig
from gateway.errors import UpstreamLimited
from gateway.replicas.news import LOOK_SECONDS
from gateway.server import Gateway
from tests.faults.kit import free_port, until
from tests.gateways.kit import configuration, in_memory, plain_http
from tests.replicas.valkey import valkey
from tests.upstreams.kit import Running, raw_stdio


@pytest.fixture
def folders(tmp_path: Path) -> list[Path]:
    """One for each replica."""
    found = [tmp_path / name for name in "ab"]
    for folder in found:
        folder.mkdir()
    return found


@asynccontextmanager
async def replica(folder: Path, upstream: Running, url: str, more: str = "") -> AsyncGenerator[Gateway]:
    """A gateway that is in touch with the others, and has looked at all because of that; or that tried in vain."""
    before = lists_asked(upstream)
    text = configuration({"raw": upstream}, f'[replicas]\nurl = "{url}"\n{more}')
    async with in_memory(folder, text) as gateway:
        await gateway.replicas.tried()
        if gateway.replicas.state()["state"] == "connected":
            await until(lambda: lists_asked(upstream) >= before + 2)
        yield gateway


def lists_asked(upstream: Running) -> int:
    return Counter(entry["rpc"] for entry in upstream.record())["tools/list"]


def offers(gateway: Gateway, name: str) -> bool:
    return gateway.runtime.catalog.tool(name) is not None


async def asks_again(gateway: Gateway) -> None:
    await gateway.runtime.upstreams["raw"].ask_again()


async def test_what_one_finds_out_the_other_looks_for(folders: list[Path], raw_sessionless: Running):
    with valkey() as server:
        async with (
            replica(folders[0], raw_sessionless, server.url) as one,
            replica(folders[1], raw_sessionless, server.url) as other,
        ):
            raw_sessionless.control(extra=["late"])
            await asks_again(one)
            assert offers(one, "raw_late")
            assert await until(lambda: offers(other, "raw_late")) < LOOK_SECONDS + 1
            assert one.replicas.state()["state"] == "connected"
            assert one.replicas.state()["said"] >= 1


async def test_without_valkey_each_serves_on_and_what_was_missed_is_looked_for_when_it_is_back(
    folders: list[Path], raw_sessionless: Running
):
    with valkey() as server:
        async with (
            replica(folders[0], raw_sessionless, server.url) as one,
            replica(folders[1], raw_sessionless, server.url) as other,
        ):
            server.die()
            await until(lambda: {each.replicas.state()["state"] for each in (one, other)} == {"lost"})
            raw_sessionless.control(extra=["late"])
            await asks_again(one)
            assert offers(one, "raw_late")
            assert not offers(other, "raw_late")
            server.come_back()
            assert await until(lambda: offers(other, "raw_late")) < 5


async def test_the_same_offer_is_not_looked_at_and_nonsense_is_passed_over(
    folders: list[Path], raw_sessionless: Running
):
    with valkey() as server:
        async with replica(folders[0], raw_sessionless, server.url) as gateway:
            before = lists_asked(raw_sessionless)
            digest = gateway.runtime.upstreams["raw"].listing.digest()
            said = [["raw", digest], ["other", "x"], ["raw", 1], ["raw"], [1, "x"], [[], "x"], 7, {"raw": 1}, "raw"]
            async with Redis.from_url(server.url) as redis:
                for text in ("no JSON", *(orjson.dumps(each) for each in said)):
                    await redis.publish("gateway", text)
            await until(lambda: gateway.replicas.state()["heard"] >= len(said) + 1)
            await asks_again(gateway)
            assert lists_asked(raw_sessionless) == before + 1


async def test_however_often_others_speak_it_looks_only_now_and_then(folders: list[Path], raw_sessionless: Running):
    with valkey() as server:
        async with replica(folders[0], raw_sessionless, server.url) as gateway:
            before, began = lists_asked(raw_sessionless), time.monotonic()
            async with Redis.from_url(server.url) as redis:
                for number in range(500):
                    await redis.publish("gateway", orjson.dumps(["raw", str(number)]))
            await until(lambda: gateway.replicas.state()["heard"] >= 500)
            await until(lambda: lists_asked(raw_sessionless) > before)
            spent = time.monotonic() - began
            assert lists_asked(raw_sessionless) - before <= 1 + spent / LOOK_SECONDS


async def test_one_that_wants_to_be_left_alone_is_not_asked(folders: list[Path], raw_sessionless: Running):
    with valkey() as server:
        async with replica(folders[0], raw_sessionless, server.url) as gateway:
            gateway.runtime.upstreams["raw"].gate.limit(UpstreamLimited("raw", "wants less.", retry_after=60))
            before = lists_asked(raw_sessionless)
            async with Redis.from_url(server.url) as redis:
                await redis.publish("gateway", orjson.dumps(["raw", "another"]))
            await until(lambda: gateway.replicas.state()["heard"] >= 1)
            async with plain_http() as http:  # which takes longer than it would take to ask
                await http.get(raw_sessionless.url)
            assert lists_asked(raw_sessionless) == before


async def test_a_program_that_rests_is_left_to_rest(folders: list[Path], raw_sessionless: Running):
    command = raw_stdio(folders[0], name="tool")
    more = f"[upstreams.tool]\ncommand = '{command.command}'\nargs = {list(command.args)}\nenv = {{ PYTHONPATH = '.' }}"
    with valkey() as server:
        async with replica(folders[0], raw_sessionless, server.url, f"{more}\nidle = 0.1\n") as gateway:
            program = gateway.runtime.upstreams["tool"]
            await until(lambda: program.pool.live() is None)
            async with Redis.from_url(server.url) as redis:
                await redis.publish("gateway", orjson.dumps(["tool", "another"]))
            await until(lambda: gateway.replicas.state()["heard"] >= 1)
            await asks_again(gateway)  # which takes longer than starting to look would
            assert program.pool.live() is None


async def test_alone_it_does_nothing(tmp_path: Path, raw_sessionless: Running):
    async with in_memory(tmp_path, configuration({"raw": raw_sessionless})) as gateway:
        await gateway.replicas.tried()
        assert gateway.replicas.state() | {"since": ""} == {
            "state": "off",
            "since": "",
            "reason": "",
            "said": 0,
            "heard": 0,
        }


async def test_a_valkey_that_is_not_there_delays_no_start(folders: list[Path], raw_sessionless: Running):
    async with replica(folders[0], raw_sessionless, f"redis://127.0.0.1:{free_port()}") as gateway:
        assert gateway.replicas.state()["state"] == "lost"
        assert "refused" in gateway.replicas.state()["reason"] or "Connect" in gateway.replicas.state()["reason"]
        assert offers(gateway, "raw_echo")


@pytest.mark.parametrize("channel", ["", "two words", "*"])
def test_a_channel_is_one_plain_word(channel: str):
    with pytest.raises(ValueError, match="channel"):
        ReplicasConfig(channel=channel)
