"""Counts and times of finished calls, as plain numbers until somebody scrapes them.

prometheus-client's own counters take a lock and a check each time, which is more than a call can be charged for here:
all calls are finished in one thread.
"""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import accumulate

from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric

from gateway.model.event import CallEvent

# Seconds, from the express door's milliseconds to the longest deadline that is usual.
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)
BOUNDS = (*map(str, BUCKETS), "+Inf")
MOST_NAMES = 10_000
MOST_URIS = 1_000
OTHER = "(other)"
LABELS = ("kind", "namespace", "name", "outcome", "error")


@dataclass(slots=True)
class Times:
    """How long the calls of one namespace took: how many fell into each bucket, and the sum in seconds."""

    buckets: list[int] = field(default_factory=lambda: [0] * len(BOUNDS))
    seconds: float = 0.0


class Tallies:
    """Of every kind of end that each name has had, and of how long each namespace takes.

    Names come from the catalog, so their number is bounded; a hostile upstream that keeps renaming its tools is held
    at 10,000 names, and what comes after counts as `(other)`. A URI may be its caller's own: 1,000 are told apart, and
    none shows its query, where secrets stand.
    """

    def __init__(self) -> None:
        self._counts: dict[tuple[str, ...], int] = {}
        self._names: set[tuple[str, str]] = set()
        self._uris: set[tuple[str, str]] = set()
        self._times: dict[str, Times] = {}

    def count(self, event: CallEvent) -> None:
        """Take one finished call into account."""
        labels: tuple[str, ...] = event.kind, event.namespace, event.name, event.outcome, event.error
        known = self._counts.get(labels)
        if known is None:
            labels = self._known(*labels)
            known = self._counts.get(labels, 0)
        self._counts[labels] = known + 1
        times = self._times.get(event.namespace)
        if times is None:
            times = self._times[event.namespace] = Times()
        times.buckets[bisect_left(BUCKETS, event.seconds)] += 1
        times.seconds += event.seconds

    def collect(self) -> Iterator[Metric]:
        calls = CounterMetricFamily("gateway_calls", "Finished calls.", labels=LABELS)
        for labels, count in self._counts.items():
            calls.add_metric(labels, count)
        yield calls
        seconds = HistogramMetricFamily("gateway_call_seconds", "How long calls took.", labels=("namespace",))
        for namespace, times in self._times.items():
            seconds.add_metric((namespace,), list(zip(BOUNDS, accumulate(times.buckets), strict=True)), times.seconds)
        yield seconds

    def _known(self, kind: str, namespace: str, name: str, outcome: str, error: str) -> tuple[str, ...]:
        names, most = self._names, MOST_NAMES
        if kind == "resource":
            names, most, name = self._uris, MOST_URIS, name.partition("?")[0]
        if (namespace, name) not in names:
            if len(names) >= most:
                return kind, namespace, OTHER, outcome, error
            names.add((namespace, name))
        return kind, namespace, name, outcome, error
