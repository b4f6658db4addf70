"""Nothing that a caller carries goes to an upstream, and what is configured for an upstream does (row 1)."""

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

from gateway.policy.keys import KeyStore
from tests.contract.pairs import CLIENTS, Era
from tests.contract.wire import wire
from tests.gateways.kit import configuration, over_http
from tests.security.data_file import lines
from tests.upstreams.running import Running

CANARY = "canary-3f9a"
CARRIED = {name: f"{CANARY} {name}" for name in lines("credentials.txt")}
META: dict[str, Any] = {
    "progressToken": CANARY,
    "io.modelcontextprotocol/clientInfo": {"name": CANARY, "version": "1"},
    "io.modelcontextprotocol/serverInfo": {"name": CANARY},
    "io.modelcontextprotocol/subscriptionId": CANARY,
    "io.modelcontextprotocol/related-task": {"taskId": CANARY},
    "io.modelcontextprotocol/invented": CANARY,
}
OURS = 'auth.bearer = "configured-bearer"\nheaders = { X-Tenant = "configured-header" }\n'

upstreams = pytest.mark.parametrize(
    "kind", ["raw_modern", "raw_modern_json", "raw_legacy", "raw_sessionless", "raw_sse_upstream", "fastmcp_upstream"]
)
each_client = pytest.mark.parametrize("era", CLIENTS)


@pytest.fixture
async def gateway(request: pytest.FixtureRequest, kind: str, tmp_path: Path) -> AsyncGenerator[tuple[str, Running]]:
    """The URL of a gateway in front of one upstream, with a credential configured for it."""
    upstream = request.getfixturevalue(kind)
    async with over_http(tmp_path, configuration({"up": upstream}, OURS)) as (_, url):
        yield url, upstream


async def exercise(url: str, era: Era, headers: dict[str, str]) -> None:
    """Everything that reaches an upstream, with all that a caller can carry."""
    async with wire(url, era, headers) as client:
        await client.ask("tools/list", META)
        assert "result" in (await client.call("up_echo", META, text="hello")).final
        await client.call("up_progress", META, steps=2)
        await client.call("up_nothing", META)
        await client.ask("resources/read", META, uri="text://up/raw/notes")
        await client.ask("prompts/get", META, name="up_greet", arguments={"name": "Ada"})


@upstreams
@each_client
async def test_no_header_and_no_key_of_the_callers_connection_arrives(gateway: tuple[str, Running], era: Era) -> None:
    url, upstream = gateway
    await exercise(url, era, CARRIED)
    record = upstream.record()
    assert {entry["rpc"] for entry in record} >= {"tools/call", "prompts/get", "resources/read"}
    assert [entry for entry in record if CANARY in str(entry)] == []


@upstreams
@each_client
async def test_what_is_configured_for_an_upstream_arrives_each_time(gateway: tuple[str, Running], era: Era) -> None:
    url, upstream = gateway
    await exercise(url, era, CARRIED)
    for entry in upstream.record():
        assert entry["headers"]["authorization"] == "Bearer configured-bearer"
        assert entry["headers"]["x-tenant"] == "configured-header"


@pytest.mark.parametrize("kind", ["raw_modern", "raw_legacy", "raw_sse_upstream"])
@each_client
async def test_the_key_that_opened_the_gateway_goes_no_further(
    request: pytest.FixtureRequest, kind: str, era: Era, tmp_path: Path
) -> None:
    upstream: Running = request.getfixturevalue(kind)
    _, key = KeyStore(tmp_path / "var").create("caller", ["*"])
    async with over_http(tmp_path, configuration({"up": upstream})) as (_, url):
        await exercise(url, era, {**CARRIED, "Authorization": f"Bearer {key}"})
    record = str(upstream.record())
    assert key not in record
    assert key.split("_", 2)[2] not in record
    assert CANARY not in record
    assert "authorization" not in record


@each_client
async def test_one_upstreams_credential_does_not_reach_another(
    raw_modern: Running, raw_legacy: Running, era: Era, tmp_path: Path
) -> None:
    text = configuration({"plain": raw_modern, "up": raw_legacy}, OURS)
    async with over_http(tmp_path, text) as (_, url), wire(url, era) as client:
        await client.call("plain_echo", text="hello")
        await client.call("up_echo", text="hello")
    assert "configured" not in str(raw_modern.record())
    assert "configured-bearer" in str(raw_legacy.record())
