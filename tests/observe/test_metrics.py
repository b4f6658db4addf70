"""Metrics of calls and upstreams, as a scraper reads them."""

from dataclasses import replace
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from gateway.observe.metrics import Metrics
from tests.observe.events import OK


def samples(metrics: Metrics, name: str) -> dict[tuple[str, ...], float]:
    """Each sample of one metric by its labels' values, in the order of the labels' names."""
    families = text_string_to_metric_families(metrics.render().decode())
    found = [sample for family in families for sample in family.samples if sample.name == name]
    return {tuple(value for _, value in sorted(sample.labels.items())): sample.value for sample in found}


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


def test_calls_are_counted_by_tool_upstream_and_outcome(metrics):
    failed = replace(OK, outcome="error", error="upstream_timeout")
    for event in (OK, OK, failed):
        metrics.count(event)
    assert samples(metrics, "gateway_calls_total") == {
        ("", "tool", "github_search", "github", "ok"): 2,
        ("upstream_timeout", "tool", "github_search", "github", "error"): 1,
    }


def test_who_called_is_no_label(metrics):
    metrics.count(OK)
    assert b"abcdefgh" not in metrics.render()


def status(state: str = "up", breaker: str = "closed", listed: float | None = 2.5) -> dict[str, Any]:
    return {
        "state": state,
        "breaker": {"state": breaker},
        "retries": 3,
        "calls_running": 1,
        "calls_waiting": 2,
        "listed_seconds_ago": listed,
    }


def test_the_states_of_upstreams_are_asked_at_each_scrape(metrics):
    found = {"github": status()}
    metrics.collect(lambda: found)
    assert samples(metrics, "gateway_upstream_state") == {("up", "github"): 1}
    found["github"] = status("down", "open")
    found["files"] = status(listed=None)
    assert samples(metrics, "gateway_upstream_state") == {("down", "github"): 1, ("up", "files"): 1}
    assert samples(metrics, "gateway_upstream_breaker") == {("open", "github"): 1, ("closed", "files"): 1}
    assert samples(metrics, "gateway_upstream_retries_total") == {("github",): 3, ("files",): 3}
    assert samples(metrics, "gateway_upstream_calls_running") == {("github",): 1, ("files",): 1}
    assert samples(metrics, "gateway_upstream_calls_waiting") == {("github",): 2, ("files",): 2}
    assert samples(metrics, "gateway_upstream_listing_age_seconds") == {("github",): 2.5}


def test_the_link_to_replicas_is_asked_at_each_scrape(metrics):
    link = {"state": "off", "said": 0, "heard": 0}
    metrics.collect_replicas(lambda: link)
    assert samples(metrics, "gateway_replicas_state") == {("off",): 1}
    link = {"state": "connected", "said": 3, "heard": 4}
    assert samples(metrics, "gateway_replicas_state") == {("connected",): 1}
    assert samples(metrics, "gateway_replicas_notices_total") == {("said",): 3, ("heard",): 4}


def test_states_are_not_asked_before_the_first_scrape(metrics):
    def too_soon():
        raise AssertionError

    metrics.collect(too_soon)
    metrics.collect_replicas(too_soon)


def test_the_audit_is_asked_at_each_scrape(metrics):
    found = {"required": True, "lines": 7, "lost": 0, "why": ""}
    metrics.collect_audit(lambda: found)
    assert samples(metrics, "gateway_audit_lines_total") == {(): 7}
    assert samples(metrics, "gateway_audit_writable") == {(): 1}
    found |= {"lost": 2, "why": "No space left on device"}
    assert samples(metrics, "gateway_audit_lost_total") == {(): 2}
    assert samples(metrics, "gateway_audit_writable") == {(): 0}


def test_the_process_itself_is_measured(metrics):
    assert samples(metrics, "process_resident_memory_bytes")[()] > 1_000_000
    assert "python_info" in metrics.render().decode()


def test_two_gateways_in_one_process_count_apart(metrics):
    metrics.count(OK)
    assert samples(Metrics(), "gateway_calls_total") == {}
