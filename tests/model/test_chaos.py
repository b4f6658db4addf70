"""Chaos in words."""

import pytest

from gateway.model.chaos import Chaos


@pytest.mark.parametrize(
    ("chaos", "words"),
    [
        (Chaos(), ""),
        (Chaos(lists=True), ""),
        (Chaos(latency=2.0), "calls wait 2 s"),
        (Chaos(errors=0.1, cuts=0.05), "10% of calls fail, 5% of calls are cut off"),
        (Chaos(hangs=1.0, changed_tools=30.0, lists=True), "100% of calls and lists hang, tools change every 30 s"),
        (Chaos(hangs=0.005), "0.5% of calls hang"),
    ],
)
def test_it_says_what_it_does(chaos: Chaos, words: str):
    assert str(chaos) == words
