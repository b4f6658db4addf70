"""What is wrong with an upstream is told once, and kept for as long as it holds."""

import logging

import pytest

from gateway.upstream.faults import MAX_SEEN, Faults


@pytest.fixture
def said(caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.WARNING, "gateway.upstream.faults")
    return lambda: [record.getMessage() for record in caplog.records]


def test_a_listings_faults_are_told_when_they_are_new(said):
    faults = Faults("raw")
    faults.listed(["one", "two"])
    faults.listed(["two", "three"])
    faults.listed(["two", "three"])
    assert faults.all == ("two", "three")
    assert said() == [f"upstream raw breaks the protocol: {each}" for each in ("one", "two", "three")]


def test_what_comes_back_is_told_again(said):
    faults = Faults("raw")
    for listing in (["one"], [], ["one"]):
        faults.listed(listing)
    assert len(said()) == 2


def test_what_was_seen_in_calls_stays(said):
    faults = Faults("raw")
    faults.seen("in a call")
    faults.listed(["one"])
    faults.seen("in a call")
    faults.listed([])
    assert faults.all == ("in a call",)
    assert len(said()) == 2
    assert repr(faults) == "<Faults raw listed=0 seen=1>"


def test_they_are_bounded(said):
    faults = Faults("raw")
    for number in range(100):
        faults.seen(f"number {number}")
    assert len(faults.all) == len(said()) == MAX_SEEN
