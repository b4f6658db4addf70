"""The metrics of several workers, as a scraper reads them."""

import json

from prometheus_client import CollectorRegistry, Counter, Gauge
from prometheus_client.parser import text_string_to_metric_families

from gateway.observe.exposition import exposition, told
from gateway.observe.metrics import Metrics


def registry(calls: float, *, spare: bool = False) -> CollectorRegistry:
    made = CollectorRegistry()
    Counter("calls", "Calls made.", ("name",), registry=made).labels("a").inc(calls)
    if spare:
        Gauge("spare", "Only one has it.", registry=made).set(2.5)
    return made


def test_each_sample_says_whose_it_is():
    workers = {1: told(registry(3).collect()), 2: told(registry(4, spare=True).collect())}
    text = exposition(json.loads(json.dumps(workers), object_hook=_numbered)).decode()
    families = {each.name: each for each in text_string_to_metric_families(text)}
    found = {tuple(s.labels.items()): s.value for s in families["calls"].samples if s.name == "calls_total"}
    assert found == {(("name", "a"), ("worker", "1")): 3.0, (("name", "a"), ("worker", "2")): 4.0}
    assert [(s.labels, s.value) for s in families["spare"].samples] == [({"worker": "2"}, 2.5)]
    assert text.count("# HELP calls_total Calls made.") == 1
    assert text.count("# TYPE calls_total counter") == 1


def _numbered(found: dict) -> dict:
    return {int(key) if key.isdigit() else key: value for key, value in found.items()}


def test_what_a_process_has_itself_is_told_too():
    assert "process_resident_memory_bytes" in {name for name, *_ in Metrics().told()}
