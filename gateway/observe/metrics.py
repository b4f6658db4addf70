"""Prometheus metrics: a sink that counts and times calls, the upstreams' states, and the process's own figures."""

from collections.abc import Callable, Iterable, Iterator

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.gc_collector import GCCollector
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from gateway.model.event import CallEvent

# From the express door's milliseconds to the longest deadline that is usual.
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)
MOST_NAMES = 10_000
OTHER = "(other)"

States = Callable[[], Iterable[tuple[str, str]]]


class Metrics:
    """Counts of one process, in a registry of its own. Call it with each finished call.

    Names come from the catalog, so their number is bounded; a hostile upstream that keeps renaming its tools is held
    at 10,000 names, and what comes after counts as `(other)`.
    """

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._calls = Counter(
            "gateway_calls",
            "Finished calls.",
            ("kind", "namespace", "name", "outcome", "error"),
            registry=self._registry,
        )
        self._seconds = Histogram(
            "gateway_call_seconds",
            "How long calls took.",
            ("namespace",),
            buckets=BUCKETS,
            registry=self._registry,
        )
        self._names: set[tuple[str, str]] = set()
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=self._registry)

    def __call__(self, event: CallEvent) -> None:
        self._calls.labels(event.kind, event.namespace, self._name(event), event.outcome, event.error).inc()
        self._seconds.labels(event.namespace).observe(event.seconds)

    def collect(self, states: States) -> None:
        """Ask `states` at every scrape for the namespace and state of each upstream."""
        self._registry.register(_Upstreams(states))

    def render(self) -> tuple[bytes, str]:
        """The exposition of all metrics, and its content type."""
        return generate_latest(self._registry), CONTENT_TYPE_LATEST

    def _name(self, event: CallEvent) -> str:
        key = event.namespace, event.name
        if key not in self._names:
            if len(self._names) >= MOST_NAMES:
                return OTHER
            self._names.add(key)
        return event.name


class _Upstreams(Collector):
    def __init__(self, states: States):
        self._states = states

    def collect(self) -> Iterator[Metric]:
        gauge = GaugeMetricFamily("gateway_upstream_state", "1 for the state it is in.", labels=("upstream", "state"))
        for namespace, state in self._states():
            gauge.add_metric((namespace, state), 1)
        yield gauge

    def describe(self) -> Iterator[Metric]:
        """Nothing: asking the upstreams while they are still being set up would be too soon."""
        return iter(())
