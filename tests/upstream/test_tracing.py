"""Trace context: continued where somebody records, and left alone where nobody does."""

from collections.abc import Generator
from typing import Any

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from opentelemetry.trace import StatusCode

from gateway.errors import UpstreamTimeout
from gateway.upstream import tracing
from gateway.upstream.tracing import upstream_span

TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
META = {"traceparent": f"00-{TRACE}-{SPAN}-01", "tracestate": "vendor=1", "baggage": "user=ada", "other": 1}


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> Generator[InMemorySpanExporter]:
    """Every span that has ended, of a process with an SDK."""
    provider, ended = TracerProvider(), InMemorySpanExporter()
    provider.add_span_processor(SimpleSpanProcessor(ended))
    monkeypatch.setattr(tracing, "TRACER", provider.get_tracer("gateway"))
    yield ended
    provider.shutdown()


@pytest.mark.parametrize("meta", [META, {"traceparent": "canary"}, {"traceparent": 5}, {}])
def test_where_nobody_records_nothing_changes(meta: dict[str, Any]):
    params = {"name": "echo", "_meta": meta}
    with upstream_span("raw", "tools/call", params) as sent:
        assert sent is params


def test_a_child_span_goes_up_in_place_of_the_clients(spans: InMemorySpanExporter):
    with upstream_span("raw", "tools/call", {"name": "echo", "_meta": META}) as sent:
        pass
    (span,) = spans.get_finished_spans()
    assert span.context is not None
    assert span.parent is not None
    assert (f"{span.context.trace_id:032x}", f"{span.parent.span_id:016x}") == (TRACE, SPAN)
    assert sent == {"name": "echo", "_meta": {**META, "traceparent": f"00-{TRACE}-{span.context.span_id:016x}-01"}}
    assert (span.name, span.kind.name) == ("tools/call echo", "CLIENT")
    assert span.attributes == {"mcp.method.name": "tools/call", "gateway.upstream": "raw"}


def test_a_span_that_a_door_has_opened_is_the_parent(spans: InMemorySpanExporter):
    with tracing.TRACER.start_as_current_span("door"), upstream_span("raw", "resources/read", {"_meta": META}):
        pass
    inner, outer = spans.get_finished_spans()
    assert inner.parent == outer.context
    assert inner.name == "resources/read"


@pytest.mark.parametrize("meta", [{}, {"traceparent": "canary", "tracestate": "vendor=1"}])
def test_without_a_context_that_makes_sense_a_trace_begins_here(spans: InMemorySpanExporter, meta: dict[str, Any]):
    with upstream_span("raw", "tools/call", {"_meta": meta}) as sent:
        pass
    (span,) = spans.get_finished_spans()
    assert span.context is not None
    assert span.parent is None
    assert sent["_meta"].keys() == {"traceparent"}
    assert sent["_meta"]["traceparent"].startswith(f"00-{span.context.trace_id:032x}-{span.context.span_id:016x}-")


def test_a_trace_that_is_not_sampled_goes_on_as_one(monkeypatch: pytest.MonkeyPatch):
    provider = TracerProvider(sampler=ALWAYS_OFF)
    monkeypatch.setattr(tracing, "TRACER", provider.get_tracer("gateway"))
    with upstream_span("raw", "tools/call", {"_meta": META}) as sent:
        made = sent["_meta"]["traceparent"]
    assert made.startswith(f"00-{TRACE}-")
    assert made.endswith("-00")
    provider.shutdown()


def test_a_failure_is_named_by_its_kind_and_quotes_nothing(spans: InMemorySpanExporter):
    with pytest.raises(UpstreamTimeout), upstream_span("raw", "tools/call", {}):
        raise UpstreamTimeout("raw", "canary")
    (span,) = spans.get_finished_spans()
    assert span.attributes is not None
    assert (span.status.status_code, span.attributes["error.type"]) == (StatusCode.ERROR, "upstream_timeout")
    assert "canary" not in span.to_json()
