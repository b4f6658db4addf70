"""Metrics of several workers in one exposition. Each sample says whose it is.

Nothing is added up. A sum would fall whenever a worker is started again, which looks like a sum that began anew, and
the state of a breaker has none. Prometheus adds up what is asked for: `sum without (worker) (…)`.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

LABEL = "worker"

Told = list[tuple[str, str, str, list[tuple[str, dict[str, str], float]]]]
"""Metrics as JSON can carry them: name, help, type, and the samples: name, labels, value."""


def told(metrics: Iterable[Metric]) -> Told:
    """The same metrics for another process."""
    return [
        (each.name, each.documentation, each.type, [(one.name, one.labels, one.value) for one in each.samples])
        for each in metrics
    ]


def exposition(workers: Mapping[int, Told]) -> bytes:
    """All of them, as Prometheus reads them."""
    registry = CollectorRegistry()
    registry.register(_Merged(workers))
    return generate_latest(registry)


class _Merged(Collector):
    def __init__(self, workers: Mapping[int, Told]):
        self._workers = workers

    def collect(self) -> Iterator[Metric]:
        merged: dict[str, Metric] = {}
        for number, metrics in self._workers.items():
            for name, documentation, kind, samples in metrics:
                metric = merged.setdefault(name, Metric(name, documentation, kind))
                for sample, labels, value in samples:
                    metric.add_sample(sample, {**labels, LABEL: str(number)}, value)
        yield from merged.values()

    def describe(self) -> Iterator[Any]:
        """Nothing: this registry has no other collector whose names could be the same."""
        return iter(())
