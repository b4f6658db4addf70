"""A client's trace goes on at the upstream: as it came, or through a span of ours where an SDK records."""

from collections.abc import Generator

import pytest
from opentelemetry.sdk.trace import TracerProvider

from gateway.upstream import tracing, upstream
from tests.contract.conftest import Replica
from tests.contract.pairs import CLIENTS, RAW, Era, Pair, pairs
from tests.contract.requirements import requirement
from tests.contract.wire import Wire, wire
from tests.upstreams.running import Running

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
CONTEXT = {"traceparent": f"00-{TRACE}-{SPAN}-01", "tracestate": "vendor=1", "baggage": "user=ada"}
METHODS = {"tools/call", "resources/read", "prompts/get"}


@pytest.fixture
def recording(monkeypatch: pytest.MonkeyPatch) -> Generator[None]:
    """An SDK that records the gateway's spans, in this process."""
    provider = TracerProvider()
    monkeypatch.setattr(tracing, "TRACER", provider.get_tracer("gateway"))
    monkeypatch.setattr(upstream, "is_recorded", lambda: True)  # the provider is this test's own, not the process's
    yield
    provider.shutdown()


async def call_all(client: Wire, namespace: str) -> None:
    await client.call(f"{namespace}_echo", CONTEXT, text="hello")
    await client.ask("resources/read", CONTEXT, uri=f"text://{namespace}/raw/notes")
    await client.ask("prompts/get", CONTEXT, name=f"{namespace}_plain")


@requirement("tracing.passed")
@pairs(RAW)
async def test_without_an_sdk_the_context_passes_unchanged(pair: Pair) -> None:
    async with wire(pair.gateway.url, pair.client_era) as client:
        await call_all(client, pair.kind.namespace)
    received = [entry["body"]["params"]["_meta"] for entry in pair.upstream.record() if entry["rpc"] in METHODS]
    assert [{key: meta.get(key) for key in CONTEXT} for meta in received] == [CONTEXT] * 3


@requirement("tracing.child")
@pytest.mark.parametrize("upstream", ["raw_modern", "raw_legacy"])
@pytest.mark.parametrize("era", CLIENTS)
async def test_with_an_sdk_an_upstream_works_within_a_child_span(
    replica: Replica, request: pytest.FixtureRequest, recording: None, upstream: str, era: Era
) -> None:
    running: Running = request.getfixturevalue(upstream)
    async with replica(raw=running) as url, wire(url, era) as client:
        await call_all(client, "raw")
    received = [entry["body"]["params"]["_meta"] for entry in running.record() if entry["rpc"] in METHODS]
    spans = [meta["traceparent"].split("-") for meta in received]
    assert [trace for _, trace, _, _ in spans] == [TRACE] * 3
    assert len({SPAN, *(span for _, _, span, _ in spans)}) == 4
    assert {(meta["tracestate"], meta["baggage"]) for meta in received} == {("vendor=1", "user=ada")}
