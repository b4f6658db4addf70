"""A call event: one finished call."""

from dataclasses import asdict
from typing import get_args

import pytest

from gateway.model.event import CallEvent, Outcome
from tests.compiled.check import pure

EVENT = CallEvent(
    request_id="0123456789abcdef",
    at=1_700_000_000.0,
    seconds=0.25,
    kind="tool",
    owner="upstream",
    namespace="docs",
    name="docs_echo",
    subject="key:ab12",
    proof="key",
    era="modern",
    outcome="ok",
)


def test_a_call_that_went_well_has_no_error():
    assert EVENT.error == ""


def test_a_call_ends_in_one_of_five_ways():
    assert get_args(Outcome) == ("ok", "tool_error", "refused", "error", "cancelled")


def test_it_holds_nothing_that_a_caller_sent():
    assert asdict(EVENT).keys().isdisjoint({"arguments", "params", "result", "headers"})


@pytest.mark.skipif(bool(pure(["gateway.model.event"])), reason="from sources it is the type checker that refuses this")
def test_it_does_not_change():
    with pytest.raises(AttributeError):
        EVENT.outcome = "error"  # ty: ignore[invalid-assignment]


def test_nothing_can_be_put_into_it():
    with pytest.raises(AttributeError):
        EVENT.arguments = {}  # ty: ignore[missing-attribute]
