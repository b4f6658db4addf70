"""The link: a real Valkey that is there, is not, dies, hangs, and comes back."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
from redis.asyncio import Redis

from gateway.replicas.link import MOST_BYTES, Link
from tests.faults.kit import free_port, until
from tests.replicas.valkey import valkey
from tests.upstreams.tcp_proxy import tcp_proxy

RESYNC_SECONDS = 5.0


class End:
    """One end of a link, and what came to it."""

    def __init__(self, url: str, channel: str = "gateway"):
        self.heard: asyncio.Queue[str] = asyncio.Queue()
        self.connections = 0
        self.link = Link(url, channel, self._connected, self.heard.put_nowait)

    def _connected(self) -> None:
        self.connections += 1

    async def hears(self) -> str:
        async with asyncio.timeout(RESYNC_SECONDS):
            return await self.heard.get()


@asynccontextmanager
async def ends(*urls: str, channel: str = "gateway") -> AsyncGenerator[list[End]]:
    """Ends that have tried to connect once."""
    async with AsyncExitStack() as stack:
        opened = [End(url, channel) for url in urls]
        for end in opened:
            await stack.enter_async_context(end.link.open())
        for end in opened:
            await end.link.tried()
        yield opened


async def test_what_one_says_all_hear():
    with valkey() as server:
        async with ends(server.url, server.url) as (one, other):
            one.link.say("a", "first")
            assert await one.hears() == await other.hears() == "first"
            other.link.say("a", "second")
            assert await one.hears() == await other.hears() == "second"
            assert one.link.state.name == "connected"
            await until(lambda: (one.link.said, one.link.heard) == (1, 2))


async def test_another_channel_is_not_heard():
    with valkey() as server:
        async with ends(server.url) as (one,), ends(server.url, channel="staging") as (other,):
            one.link.say("a", "here")
            other.link.say("a", "there")
            assert await one.hears() == "here"
            assert await other.hears() == "there"
            assert one.heard.empty()


async def test_of_what_could_not_be_said_the_last_word_of_each_topic_is_kept():
    port = free_port()
    with valkey() as server:
        async with ends(server.url) as (other,), ends(f"redis://127.0.0.1:{port}") as (one,):
            for number in range(1000):
                one.link.say("a", f"a {number}")
                one.link.say("b", f"b {number}")
            assert one.link.state.name == "lost"
            async with tcp_proxy(server.url, port):
                assert {await other.hears(), await other.hears()} == {"a 999", "b 999"}
            assert other.heard.empty()


async def test_lost_and_back():
    with valkey() as server:
        async with ends(server.url, server.url) as (one, other):
            server.die()
            await until(lambda: {one.link.state.name, other.link.state.name} == {"lost"}, 5)
            assert "Connection" in one.link.state.reason
            one.link.say("a", "meanwhile")
            server.come_back()
            began = time.monotonic()
            await until(lambda: (one.connections, other.connections) == (2, 2), RESYNC_SECONDS)
            one.link.say("a", "back")
            while await other.hears() != "back":
                pass
            assert time.monotonic() - began < RESYNC_SECONDS


async def test_one_that_hangs_is_noticed_and_heard_again():
    with valkey() as server:
        async with tcp_proxy(server.url) as proxy, ends(proxy.url) as (one,), ends(server.url) as (other,):
            proxy.mode = "stall"
            await until(lambda: one.link.state.name == "lost", 5)
            one.link.say("a", "at last")
            proxy.mode = "pass"
            await until(lambda: one.link.state.name == "connected", RESYNC_SECONDS)
            assert await other.hears() == "at last"


@pytest.mark.parametrize("mode", ["stall", "refuse", "corrupt"])
async def test_one_that_never_answers_holds_up_neither_start_nor_end(mode):
    with valkey() as server:
        async with tcp_proxy(server.url) as proxy:
            proxy.mode = mode
            began = time.monotonic()
            async with ends(proxy.url) as (one,):
                assert one.link.state.name == "lost"
                assert one.link.state.reason
                assert time.monotonic() - began < 4
                began = time.monotonic()
            assert time.monotonic() - began < 1


async def test_a_password_is_needed_and_never_told(caplog):
    with valkey() as server:
        async with Redis.from_url(server.url) as redis:
            await redis.config_set("requirepass", "the-right-one")
        right, wrong = (server.url.replace("//", f"//:the-{which}-one@") for which in ("right", "wrong"))
        async with ends(right, wrong) as (one, other):
            assert one.link.state.name == "connected"
            assert other.link.state.name == "lost"
            assert "AuthenticationError" in other.link.state.reason
            assert "the-wrong-one" not in other.link.state.reason + caplog.text


async def test_what_is_longer_than_any_notice_is_passed_over():
    with valkey() as server:
        async with ends(server.url) as (one,), Redis.from_url(server.url) as redis:
            await redis.publish("gateway", "x" * (MOST_BYTES + 1))
            await redis.publish("gateway", b"\xff\xfe")
            assert await one.hears() == "\ufffd\ufffd"


async def test_it_can_be_opened_again():
    with valkey() as server:
        end = End(server.url)
        for text in ("one", "two"):
            async with end.link.open():
                end.link.say("a", text)
                assert await end.hears() == text


def test_it_can_be_opened_in_another_loop():
    with valkey() as server:
        end = End(server.url)

        async def once() -> None:
            async with end.link.open():
                await end.link.tried()

        asyncio.run(once())
        asyncio.run(once())
        assert end.connections == 2
