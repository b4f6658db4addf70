"""Prometheus metrics: a sink that counts and times calls, the upstreams' states, and the process's own figures."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.gc_collector import GCCollector
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from gateway.observe.exposition import Told, told
from gateway.observe.tallies import Tallies

Upstreams = Callable[[], Mapping[str, Mapping[str, Any]]]
"""The status of each upstream, as `status://system` has it."""


class Metrics:
    """The figures of one process, in a registry of its own. Call `count` with each finished call."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        calls = Tallies()
        self.count = calls.count
        self._registry.register(calls)
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=self._registry)

    def collect(self, read: Upstreams) -> None:
        """Ask `read` at every scrape how the upstreams do."""
        self._registry.register(_Upstreams(read))

    def collect_replicas(self, read: Callable[[], Mapping[str, Any]]) -> None:
        """Ask `read` at every scrape how the link to replicas does."""
        self._registry.register(_Replicas(read))

    def collect_audit(self, read: Callable[[], Mapping[str, Any]]) -> None:
        """Ask `read` at every scrape how the audit does."""
        self._registry.register(_Audit(read))

    def render(self) -> bytes:
        """The exposition of all metrics."""
        return generate_latest(self._registry)

    def told(self) -> Told:
        """The same for another process."""
        return told(self._registry.collect())


GAUGES = (
    ("gateway_upstream_calls_running", "Calls that an upstream works on.", "calls_running"),
    ("gateway_upstream_calls_waiting", "Calls that wait for a place at an upstream.", "calls_waiting"),
    ("gateway_upstream_listing_age_seconds", "How long ago an upstream said what it offers.", "listed_seconds_ago"),
)


class _Upstreams(Collector):
    def __init__(self, read: Upstreams):
        self._read = read

    def collect(self) -> Iterator[Metric]:
        found = self._read()
        state = GaugeMetricFamily("gateway_upstream_state", "1 for the state it is in.", labels=("upstream", "state"))
        breaker = GaugeMetricFamily(
            "gateway_upstream_breaker", "1 for the state its breaker is in.", labels=("upstream", "state")
        )
        retries = CounterMetricFamily("gateway_upstream_retries", "Calls sent again.", labels=("upstream",))
        for name, status in found.items():
            state.add_metric((name, status["state"]), 1)
            breaker.add_metric((name, status["breaker"]["state"]), 1)
            retries.add_metric((name,), status["retries"])
        yield from (state, breaker, retries)
        for metric, documentation, key in GAUGES:
            gauge = GaugeMetricFamily(metric, documentation, labels=("upstream",))
            for name, status in found.items():
                if status[key] is not None:
                    gauge.add_metric((name,), status[key])
            yield gauge

    def describe(self) -> Iterator[Metric]:
        """Nothing: asking the upstreams while they are still being set up would be too soon."""
        return iter(())


class _Audit(Collector):
    def __init__(self, read: Callable[[], Mapping[str, Any]]):
        self._read = read

    def collect(self) -> Iterator[Metric]:
        found = self._read()
        yield CounterMetricFamily("gateway_audit_lines", "Lines written to the audit.", found["lines"])
        yield CounterMetricFamily("gateway_audit_lost", "Calls whose line could not be written.", found["lost"])
        yield GaugeMetricFamily("gateway_audit_writable", "1 while lines can be written.", not found["why"])

    def describe(self) -> Iterator[Metric]:
        """Nothing, as of the upstreams."""
        return iter(())


class _Replicas(Collector):
    def __init__(self, read: Callable[[], Mapping[str, Any]]):
        self._read = read

    def collect(self) -> Iterator[Metric]:
        link = self._read()
        state = GaugeMetricFamily("gateway_replicas_state", "1 for the state the link is in.", labels=("state",))
        state.add_metric((link["state"],), 1)
        notices = CounterMetricFamily("gateway_replicas_notices", "Said to, heard from.", labels=("way",))
        for way in ("said", "heard"):
            notices.add_metric((way,), link[way])
        yield from (state, notices)

    def describe(self) -> Iterator[Metric]:
        """Nothing, as of the upstreams."""
        return iter(())
