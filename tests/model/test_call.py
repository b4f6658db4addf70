"""What is known of a call before it runs."""

import pytest

from gateway.model.call import Call
from gateway.model.principal import LOOPBACK
from gateway.model.route import Route
from tests.compiled.check import pure

CALL = Call("r", Route("tool", "service", "own", "own_shout", "shout", {}), LOOPBACK, "modern")


@pytest.mark.skipif(bool(pure(["gateway.model.call"])), reason="from sources it is the type checker that refuses this")
def test_a_call_is_frozen():
    with pytest.raises(AttributeError):
        CALL.era = "legacy"  # ty: ignore[invalid-assignment]


def test_a_call_is_what_it_was_made_with_and_no_more():
    with pytest.raises(AttributeError):
        CALL.arguments = {}  # ty: ignore[missing-attribute]
