"""Trace context in `_meta` (SEP-414): what an upstream does for a call belongs to the trace of that call.

Only OpenTelemetry's API is needed here. Without an SDK in the process nobody records, and a client's `traceparent`,
`tracestate` and `baggage` go on unchanged.
"""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any

from opentelemetry.context import Context, get_current
from opentelemetry.trace import (
    ProxyTracerProvider,
    Span,
    SpanKind,
    StatusCode,
    get_current_span,
    get_tracer,
    get_tracer_provider,
)
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from gateway.errors import GatewayError

TRACER = get_tracer("gateway")
W3C = TraceContextTextMapPropagator()
OURS = ("traceparent", "tracestate")


def is_recorded() -> bool:
    """Whether an SDK has been set up: without one a span costs as much as the rest of a call, and is nothing."""
    return not isinstance(get_tracer_provider(), ProxyTracerProvider)


@contextmanager
def upstream_span(namespace: str, method: str, params: dict[str, Any]) -> Generator[dict[str, Any]]:
    """A span around one request to an upstream; gives `params` with its context in their `_meta`."""
    meta = params.get("_meta") or {}
    parent = _parent(meta)
    name = params.get("name")
    with TRACER.start_as_current_span(
        f"{method} {name}" if name else method,
        context=parent,
        kind=SpanKind.CLIENT,
        attributes={"mcp.method.name": method, "gateway.upstream": namespace},
        record_exception=False,  # its text may hold an upstream's last words; the kind of error is said below
        set_status_on_exception=False,
    ) as span:
        try:
            yield _continued(params, meta, span, parent)
        except GatewayError as error:
            span.set_attribute("error.type", error.kind)
            span.set_status(StatusCode.ERROR)
            raise


def _parent(meta: Mapping[str, Any]) -> Context:
    """The span that a door has opened for the call, or else the client's own."""
    if get_current_span().get_span_context().is_valid:
        return get_current()
    return W3C.extract({key: meta[key] for key in OURS if isinstance(meta.get(key), str)}, context=get_current())


def _continued(params: dict[str, Any], meta: Mapping[str, Any], span: Span, parent: Context) -> dict[str, Any]:
    made = span.get_span_context()
    if not made.is_valid or made.span_id == get_current_span(parent).get_span_context().span_id:
        return params  # nobody records
    carrier: dict[str, str] = {}
    W3C.inject(carrier)
    return {**params, "_meta": {**{key: value for key, value in meta.items() if key not in OURS}, **carrier}}
