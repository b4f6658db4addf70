"""`Gateway` as whoever runs it finds it: its settings, its edge, and when it is ready."""

import asyncio
import json
import os
import signal
import tomllib
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastmcp import Client

from gateway.app import create_gateway
from gateway.errors import CannotListen
from gateway.process.listen import bind, origin
from gateway.server import VERSION, Gateway
from tests.gateways.kit import configuration, in_memory, written
from tests.structure.tree import ROOT
from tests.upstreams.kit import Running
from tests.upstreams.messages import ACCEPT, initialize, messages_in, modern_request

ALONE = configuration({})


def gateway_of(folder: Path, text: str = ALONE) -> Gateway:
    return create_gateway(written(folder, text))


def test_the_version_is_the_projects():
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"] == VERSION


# its HTTP app


@asynccontextmanager
async def asked(gateway: Gateway, **options: Any) -> AsyncGenerator[httpx.AsyncClient]:
    """A client of the gateway's app, as a host with a server of its own runs it."""
    app = gateway.http_app(**options)
    transport = httpx.ASGITransport(app, client=("127.0.0.1", 5000))
    async with app.lifespan(app), httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
        yield client


@pytest.mark.parametrize("path", ["/mcp", "/tools/mcp"])
async def test_the_path_is_the_configurations(tmp_path: Path, path: str):
    gateway = gateway_of(tmp_path, f'{ALONE}\n[server]\npath = "{path}"')
    async with asked(gateway) as client:
        assert (await client.post(path, json=initialize(), headers=ACCEPT)).status_code == 200
        assert (await client.post("/other", json=initialize(), headers=ACCEPT)).status_code == 404


async def test_the_host_is_checked_whatever_the_caller_of_http_app_says(tmp_path: Path):
    async with asked(gateway_of(tmp_path), host_origin_protection=False) as client:
        for headers in ({"host": "evil.example"}, {"origin": "https://evil.example"}):
            answer = await client.post("/mcp", json=initialize(), headers=ACCEPT | headers)
            assert answer.status_code in (403, 421)


async def test_the_host_of_the_public_url_is_welcome(tmp_path: Path):
    text = f'{ALONE}\n[server]\npublic_url = "https://mcp.example.com"\nallowed_hosts = ["other.example"]'
    async with asked(gateway_of(tmp_path, text)) as client:
        for host in ("mcp.example.com", "other.example"):
            answer = await client.post("/mcp", json=initialize(), headers=ACCEPT | {"host": host})
            assert answer.status_code == 200


async def test_ready_means_that_calls_are_taken(tmp_path: Path, raw_modern: Running):
    raw_modern.control(fault="hang")
    gateway = gateway_of(tmp_path, configuration({"raw": raw_modern}))
    app = gateway.http_app()
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://probe.example") as probe:
        early = await probe.get("/readyz")
        assert (early.status_code, early.json()["status"]) == (503, "not ready")
        assert "starting or stopping" in early.json()["reasons"]
        async with app.lifespan(app):
            ready = await probe.get("/readyz")
            assert (ready.status_code, ready.json()["status"]) == (200, "ready")
            assert ready.json()["reasons"] == ["upstream raw is unknown"]
        assert (await probe.get("/readyz")).status_code == 503


# serving over HTTP


async def test_an_address_beyond_this_machine_is_refused_without_authentication(tmp_path: Path):
    with pytest.raises(CannotListen, match="no authentication is configured"):
        await gateway_of(tmp_path).run_http_async(show_banner=False, host="0.0.0.0", port=0)
    with bind("0.0.0.0", 0) as listener, pytest.raises(CannotListen, match="gateway keys create"):
        await gateway_of(tmp_path).run_http_async(show_banner=False, sockets=[listener])


@pytest.mark.parametrize(
    "more",
    [
        "[server]\ninsecure_allow_unauthenticated = true",
        '[auth.jwt.own]\nissuer = "https://issuer.example"\naudience = "a"\njwks_uri = "https://issuer.example/keys"',
    ],
)
async def test_with_authentication_or_in_so_many_words_it_is_not(tmp_path: Path, more: str):
    with bind("0.0.0.0", 0) as listener:
        gateway_of(tmp_path, f"{ALONE}\n{more}").check_reach([listener])


async def test_everything_is_open_when_it_says_it_is_ready(tmp_path: Path, raw_modern: Running):
    gateway = gateway_of(tmp_path, configuration({"raw": raw_modern}))
    ready = asyncio.Event()
    gateway.on_ready = ready.set
    listener = bind("127.0.0.1", 0)
    url = origin(listener)
    serving = asyncio.create_task(gateway.run_http_async(show_banner=False, sockets=[listener]))
    async with asyncio.timeout(30):
        await ready.wait()
    async with httpx.AsyncClient() as client:
        body, headers = modern_request("tools/list")
        answer = await client.post(f"{url}/mcp", json=body, headers=headers)
    os.kill(os.getpid(), signal.SIGTERM)
    await serving
    *_, message = messages_in(answer.headers["content-type"], answer.text)
    assert {"raw_echo", "own_shout"} <= {tool["name"] for tool in message["result"]["tools"]}


async def test_what_uvicorn_is_told_by_the_caller_counts(tmp_path: Path):
    gateway = gateway_of(tmp_path)
    gateway.on_ready = lambda: os.kill(os.getpid(), signal.SIGTERM)
    # uvicorn refuses this root path at once: so it was passed on, and nothing is left open
    with pytest.raises(TypeError, match="no_such_setting"):
        await gateway.run_http_async(show_banner=False, port=0, uvicorn_config={"no_such_setting": 1})
    await gateway.run_http_async(show_banner=False, port=0, log_level="warning", uvicorn_config={"log_config": None})


# what clients are told


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_clients_get_the_name_the_version_and_everybodys_instructions(
    tmp_path: Path, raw_modern: Running, mode: str
):
    more = '[services.data]\n[server]\nname = "front"\ninstructions = "Ask first."'
    async with (
        in_memory(tmp_path, configuration({"raw": raw_modern}, more)) as gateway,
        Client(gateway, mode=mode) as client,
    ):
        assert client.server_info is not None
        assert (client.server_info.name, client.server_info.version) == ("front", VERSION)
        assert client.instructions is not None
        assert client.instructions.startswith("Ask first.\n\n# data\n")
        assert "\n\n# raw\n" in client.instructions


async def test_the_whole_configuration_can_be_read_with_secrets_masked(tmp_path: Path):
    text = configuration({"web": "http://127.0.0.1:9/mcp"}, 'auth.bearer = "CANARY"')
    async with in_memory(tmp_path, text) as gateway, Client(gateway) as client:
        (content,) = await client.read_resource("config://server")
    assert json.loads(content.text)["upstreams"]["web"]["auth"]["bearer"] == "****"
    assert "CANARY" not in content.text


# services beside it

LATE = """
from contextlib import asynccontextmanager
from fastmcp import FastMCP

@asynccontextmanager
async def lifespan(server):
    server.tool(lambda: "there", name="late")
    yield

server = FastMCP("late", lifespan=lifespan)
"""


async def test_services_start_before_they_are_listed(tmp_path: Path):
    (tmp_path / "late_service.py").write_text(LATE)
    async with in_memory(tmp_path, '[services.late]\nmodule = "late_service:server"') as gateway:
        assert gateway.runtime.catalog.tool("late_late") is not None
