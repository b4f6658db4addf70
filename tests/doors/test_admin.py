"""Health for probes, and metrics for whoever may read them."""

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastmcp import Client

from gateway.app import create_gateway
from gateway.policy.keys import KeyStore
from tests.gateways.kit import configuration, over_http, plain_http, written
from tests.upstreams.kit import Running

CLOSED = "http://127.0.0.1:9/mcp"  # the discard service, which nothing serves here


async def get(url: str, **headers: str) -> httpx.Response:
    async with plain_http() as client:
        return await client.get(url, headers=headers)


def origin(url: str) -> str:
    return url.removesuffix("/mcp")


def sample(text: str, metric: str, **labels: str) -> float:
    """The value of one metric."""
    wanted = [f'{label}="{value}"' for label, value in labels.items()]
    lines = [line for line in text.splitlines() if line.startswith(metric) and all(each in line for each in wanted)]
    (line,) = lines
    return float(line.rpartition(" ")[2])


async def test_a_process_that_answers_is_healthy(tmp_path: Path) -> None:
    async with over_http(tmp_path, configuration({})) as (_, url):
        answer = await get(f"{origin(url)}/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


async def test_an_upstream_that_is_down_is_named_and_the_gateway_is_ready(tmp_path: Path, raw_modern: Running) -> None:
    text = configuration({"raw": raw_modern, "gone": CLOSED, "spare": CLOSED}, "enabled = false\n")
    async with over_http(tmp_path, text) as (_, url):
        answer = await get(f"{origin(url)}/readyz")
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ready",
        "reasons": ["upstream gone is down"],
        "upstreams": {"raw": "up", "gone": "down", "spare": "off"},
    }


async def test_a_gateway_that_has_not_started_is_not_ready(tmp_path: Path) -> None:
    app = create_gateway(written(tmp_path, configuration({"gone": CLOSED}))).http_app()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client:
        answer = await client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {
        "status": "not ready",
        "reasons": ["starting or stopping", "upstream gone is unknown"],
        "upstreams": {"gone": "unknown"},
    }


async def test_metrics_count_calls_by_tool_upstream_and_outcome(tmp_path: Path, raw_modern: Running) -> None:
    async with over_http(tmp_path, configuration({"raw": raw_modern})) as (_, url):
        async with Client(url) as client:
            for _ in range(3):
                await client.call_tool("raw_echo", {"text": "hello"})
            await client.call_tool("raw_fail", {"message": "no"}, raise_on_error=False)
            await client.call_tool("own_shout", {"text": "hello"})
            await client.read_resource("text://own/notes")
            call = asyncio.create_task(client.call_tool("raw_slow", {"seconds": 30}))
            await raw_modern.wait_for("started", "slow")
            call.cancel()
            await raw_modern.wait_for("cancelled", "slow")
        answer = await get(f"{origin(url)}/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    counted: list[tuple[float, dict[str, Any]]] = [
        (3, {"namespace": "raw", "name": "raw_echo", "outcome": "ok"}),
        (1, {"namespace": "raw", "name": "raw_fail", "outcome": "tool_error"}),
        (1, {"namespace": "raw", "name": "raw_slow", "outcome": "cancelled"}),
        (1, {"namespace": "own", "name": "own_shout", "outcome": "ok"}),
        (1, {"namespace": "own", "kind": "resource", "outcome": "ok"}),
    ]
    for count, labels in counted:
        assert sample(answer.text, "gateway_calls_total", **labels) == count
    assert sample(answer.text, "gateway_call_seconds_count", namespace="raw") == 5
    assert sample(answer.text, "gateway_upstream_state", upstream="raw", state="up") == 1


async def test_metrics_need_a_credential_that_may_read_them_once_there_are_keys(tmp_path: Path) -> None:
    keys = KeyStore(tmp_path / "var")
    _, reader = keys.create("reader", ["gateway:read"])
    _, other = keys.create("other", ["own:*"])
    async with over_http(tmp_path, configuration({})) as (_, url):
        metrics = f"{origin(url)}/metrics"
        assert (await get(metrics, authorization=f"Bearer {reader}")).status_code == 200
        refused = await get(metrics, authorization=f"Bearer {other}")
        assert refused.status_code == 403
        assert "gateway:read" in refused.json()["error"]
        for headers in ({}, {"authorization": "Bearer gw_wrong"}, {"authorization": f"Basic {reader}"}):
            unknown = await get(metrics, **headers)
            assert unknown.status_code == 401
            assert unknown.headers["www-authenticate"] == "Bearer"
            assert reader not in unknown.text


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
async def test_nothing_can_be_changed_there(tmp_path: Path, method: str) -> None:
    app = create_gateway(written(tmp_path, configuration({}))).http_app()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client:
        for path in ("/healthz", "/readyz", "/metrics"):
            assert (await client.request(method, path)).status_code == 405
