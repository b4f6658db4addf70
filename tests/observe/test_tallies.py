"""Counts and times of calls, as a scraper reads them."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from prometheus_client import CollectorRegistry

from gateway.observe import tallies as module
from gateway.observe.tallies import Tallies
from tests.observe.events import OK

Value = Callable[..., float | None]


@pytest.fixture
def tallies() -> Tallies:
    return Tallies()


@pytest.fixture
def value(tallies: Tallies) -> Value:
    """One sample by its name and labels."""
    registry = CollectorRegistry()
    registry.register(tallies)
    return lambda sample, **labels: registry.get_sample_value(sample, labels)


def test_calls_are_timed_from_5_ms_to_300_s(tallies: Tallies, value: Value) -> None:
    for seconds in (0.004, 0.005, 0.03, 299.0, 301.0):
        tallies.count(replace(OK, seconds=seconds))
    bounds = ("0.005", "0.025", "0.05", "300.0", "+Inf")
    found = [value("gateway_call_seconds_bucket", namespace="github", le=bound) for bound in bounds]
    assert found == [2, 2, 3, 4, 5]
    assert value("gateway_call_seconds_count", namespace="github") == 5
    assert value("gateway_call_seconds_sum", namespace="github") == pytest.approx(600.039)


def test_names_without_end_become_one_label(tallies: Tallies, value: Value, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_NAMES", 3)
    for number in range(10):
        tallies.count(replace(OK, name=f"github_{number}"))
    tallies.count(replace(OK, name="github_0"))
    labels = {"kind": "tool", "namespace": "github", "outcome": "ok", "error": ""}
    names = ("github_0", "github_1", "github_2", "github_3", "(other)")
    assert [value("gateway_calls_total", name=name, **labels) for name in names] == [2, 1, 1, None, 7]


def test_uris_without_end_become_one_label_and_take_no_names(
    tallies: Tallies, value: Value, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_URIS", 2)
    for number in range(10):
        tallies.count(replace(OK, kind="resource", name=f"https://github/{number}?token={number}"))
    tallies.count(replace(OK, name="github_0"))
    labels = {"namespace": "github", "outcome": "ok", "error": ""}
    names = ("https://github/0", "https://github/1", "https://github/2", "(other)")
    assert [value("gateway_calls_total", kind="resource", name=name, **labels) for name in names] == [1, 1, None, 8]
    assert value("gateway_calls_total", kind="tool", name="github_0", **labels) == 1
