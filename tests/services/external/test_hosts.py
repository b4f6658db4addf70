"""One host is asked only so often, and by so many at once; others do not wait for it."""

import asyncio

import httpx
import pytest
from fastmcp.exceptions import ToolError

from services.external import hosts
from services.external.hosts import LimitedTransport


class Sites(httpx.AsyncBaseTransport):
    """Counts who is asked at once, and answers when `release` is set."""

    def __init__(self) -> None:
        self.release = asyncio.Event()
        self.asked: list[str] = []
        self.closed = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url.host)
        await self.release.wait()
        return httpx.Response(200, stream=Body(self))


class Body(httpx.AsyncByteStream):
    def __init__(self, sites: Sites) -> None:
        self._sites = sites

    async def __aiter__(self):
        yield b"x"

    async def aclose(self) -> None:
        self._sites.closed += 1


async def ask(transport: LimitedTransport, host: str) -> httpx.Response:
    return await transport.handle_async_request(httpx.Request("GET", f"http://{host}/"))


async def settled() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_a_place_is_kept_until_the_answer_is_closed():
    sites = Sites()
    sites.release.set()
    transport = LimitedTransport(sites, at_once=2, rate=1000)
    first, _second = [await ask(transport, "one.example") for _ in range(2)]
    async with asyncio.TaskGroup() as group:
        third = group.create_task(ask(transport, "one.example"))
        await settled()
        assert not third.done()
        assert (await ask(transport, "two.example")).status_code == 200
        await first.aclose()
        assert (await third).status_code == 200
    assert sites.asked == ["one.example", "one.example", "two.example", "one.example"]


async def test_a_place_comes_back_when_a_request_fails_or_is_left():
    class Failing(Sites):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            await super().handle_async_request(request)
            raise httpx.ConnectError("no")

    sites = Failing()
    transport = LimitedTransport(sites, at_once=1, rate=1000)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await ask(transport, "one.example")
    sites.release.set()
    for _ in range(3):
        with pytest.raises(httpx.ConnectError):
            await ask(transport, "one.example")


async def test_closing_an_answer_twice_gives_its_place_back_once():
    sites = Sites()
    sites.release.set()
    transport = LimitedTransport(sites, at_once=1, rate=1000)
    response = await ask(transport, "one.example")
    stream = response.stream
    assert isinstance(stream, httpx.AsyncByteStream)
    await stream.aclose()
    await stream.aclose()
    await ask(transport, "one.example")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await ask(transport, "one.example")


async def test_requests_past_the_rate_wait_and_those_to_other_hosts_do_not():
    sites = Sites()
    sites.release.set()
    transport = LimitedTransport(sites, at_once=100, rate=0.01)
    for host in ("one.example", "two.example"):
        await ask(transport, host)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await ask(transport, host)
    assert sites.asked == ["one.example", "two.example"]


async def test_requests_past_the_rate_have_their_turn():
    sites = Sites()
    sites.release.set()
    transport = LimitedTransport(sites, at_once=100, rate=20)
    async with asyncio.timeout(20):
        await asyncio.gather(*(ask(transport, "one.example") for _ in range(24)))
    assert len(sites.asked) == 24


async def test_too_many_who_wait_are_told_so(monkeypatch):
    monkeypatch.setattr(hosts, "MAX_WAITING", 3)
    sites = Sites()
    transport = LimitedTransport(sites, at_once=1, rate=1000)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(ask(transport, "one.example")) for _ in range(4)]
        await settled()
        with pytest.raises(ToolError, match="3 requests are waiting for this host already"):
            await ask(transport, "one.example")
        sites.release.set()
        for task in tasks:
            await (await task).aclose()


async def test_only_so_many_hosts_are_remembered_and_never_one_in_use_is_forgotten(monkeypatch):
    monkeypatch.setattr(hosts, "MAX_HOSTS", 3)
    sites = Sites()
    sites.release.set()
    transport = LimitedTransport(sites, at_once=1, rate=1000)
    await ask(transport, "busy.example")
    for number in range(10):
        await (await ask(transport, f"{number}.example")).aclose()
    assert len(transport._hosts) <= 3
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await ask(transport, "busy.example")


async def test_many_fetches_of_one_host_share_its_places(serve, site):
    now, most = 0, 0
    everyone = asyncio.Event()

    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal now, most
        now += 1
        most = max(now, most)
        if now == 3:
            everyone.set()
        await everyone.wait()
        now -= 1
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")

    site.scripts["/"] = answer
    fetch = await serve(allow_private_hosts=[site.endpoint], per_host=3, per_host_rate=1000)
    answers = await asyncio.gather(*(fetch(site.url(f"/?{number}")) for number in range(9)))
    assert [each.error for each in answers] == [None] * 9
    assert most == 3
