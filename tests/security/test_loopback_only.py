"""Without authentication only this machine is served, whoever started the server and whatever a header says."""

from collections.abc import AsyncGenerator
from pathlib import Path

import httpx
import pytest

from gateway.app import create_gateway
from gateway.errors import CannotListen
from gateway.policy.keys import KeyStore
from gateway.server import Gateway
from tests.gateways.kit import configuration, written
from tests.upstreams.messages import initialize, modern_call

LAN = "http://192.0.2.7:8000"
FORWARDED = {
    "X-Forwarded-For": "127.0.0.1",
    "X-Forwarded-Host": "localhost",
    "X-Real-IP": "127.0.0.1",
    "Forwarded": "for=127.0.0.1;host=localhost;by=127.0.0.1",
    "Host": "localhost",
}
OPEN = "[server]\ninsecure_allow_unauthenticated = true\n"


def gateway(folder: Path, more: str = "") -> Gateway:
    return create_gateway(written(folder, configuration({}, more)))


async def asked_from(origin: str, gateway: Gateway, **headers: str) -> AsyncGenerator[httpx.Response]:
    """The answers to requests of all kinds that arrived on the socket of `origin`."""
    app = gateway.http_app()
    body, own = modern_call("own_shout", text="hello")
    async with app.lifespan(app), httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=origin) as client:
        yield await client.post("/mcp", json=body, headers={**own, **headers})
        yield await client.post("/mcp", json=initialize(), headers={**own, **headers})
        yield await client.get("/mcp", headers={"accept": "text/event-stream", **headers})
        yield await client.get("/metrics", headers=headers)
        yield await client.get("/.well-known/oauth-protected-resource", headers=headers)


@pytest.mark.parametrize("headers", [{}, FORWARDED], ids=["plain", "forwarded"])
async def test_another_address_is_refused(tmp_path: Path, headers: dict[str, str]) -> None:
    async for answer in asked_from(LAN, gateway(tmp_path), **headers):
        assert answer.status_code == 403
        assert "gateway keys create" in answer.json()["error"]


async def test_it_is_served_where_that_was_asked_for_in_so_many_words(tmp_path: Path) -> None:
    statuses = [answer.status_code async for answer in asked_from(LAN, gateway(tmp_path, OPEN))]
    assert 403 not in statuses
    assert statuses[0] == 200


async def test_it_is_served_once_there_is_a_key_to_ask_for(tmp_path: Path) -> None:
    KeyStore(tmp_path / "var").create("caller", ["*"])
    statuses = [answer.status_code async for answer in asked_from(LAN, gateway(tmp_path))]
    assert statuses[:4] == [401] * 4


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
async def test_it_does_not_even_listen_there(tmp_path: Path, host: str) -> None:
    with pytest.raises(CannotListen, match="gateway keys create"):
        await gateway(tmp_path).run_http_async(show_banner=False, host=host, port=0)
