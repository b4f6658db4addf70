"""The TCP proxy passes everything on, until it is told not to."""

import asyncio
from collections.abc import AsyncGenerator

import httpx
import pytest

from tests.upstreams.kit import Running
from tests.upstreams.messages import modern_call
from tests.upstreams.tcp_proxy import TcpProxy, tcp_proxy

BODY, HEADERS = modern_call("echo", text="hi")


@pytest.fixture
async def proxy(raw_modern_json: Running) -> AsyncGenerator[TcpProxy]:
    async with tcp_proxy(raw_modern_json.url) as proxy:
        yield proxy


@pytest.fixture
async def client() -> AsyncGenerator[httpx.AsyncClient]:
    async with httpx.AsyncClient(headers=HEADERS, timeout=5) as client:
        yield client


async def test_it_passes_on_over_one_connection(proxy: TcpProxy, client: httpx.AsyncClient) -> None:
    for _ in range(2):
        assert (await client.post(proxy.url, json=BODY)).json()["result"]["content"][0]["text"] == "hi"
    assert proxy.connections == 1


async def test_cut_ends_what_is_open(proxy: TcpProxy, client: httpx.AsyncClient, raw_modern_json: Running) -> None:
    slow, headers = modern_call("slow", seconds=60)
    calling = asyncio.create_task(client.post(proxy.url, json=slow, headers=headers))
    await raw_modern_json.wait_for("started", "slow")
    proxy.cut()
    with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
        await calling
    await raw_modern_json.wait_for("cancelled", "slow")


async def test_stalling_ends_when_the_mode_changes(proxy: TcpProxy, client: httpx.AsyncClient) -> None:
    proxy.mode = "stall"
    with pytest.raises(httpx.ReadTimeout):
        await client.post(proxy.url, json=BODY, timeout=0.1)
    calling = asyncio.create_task(client.post(proxy.url, json=BODY))
    proxy.mode = "pass"
    assert (await calling).status_code == 200


async def test_dripping_is_slow_and_right(proxy: TcpProxy, client: httpx.AsyncClient) -> None:
    proxy.mode, proxy.interval = "drip", 0.0001
    assert (await client.post(proxy.url, json=BODY)).json()["result"]["content"][0]["text"] == "hi"


async def test_corruption_is_noticed(proxy: TcpProxy, client: httpx.AsyncClient) -> None:
    proxy.mode = "corrupt"
    with pytest.raises(httpx.RemoteProtocolError):
        await client.post(proxy.url, json=BODY)


async def test_refusing_ends_new_connections(proxy: TcpProxy, client: httpx.AsyncClient) -> None:
    proxy.mode = "refuse"
    with pytest.raises(httpx.TransportError):
        await client.post(proxy.url, json=BODY)
