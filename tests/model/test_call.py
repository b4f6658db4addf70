"""What is known of a call before it runs."""

import pytest

from gateway.model.call import Call
from gateway.model.principal import LOOPBACK
from gateway.model.route import Route


def test_a_call_is_what_it_was_made_with_and_no_more():
    call = Call("r", Route("tool", "service", "own", "own_shout", "shout", {}), LOOPBACK, "modern")
    with pytest.raises(AttributeError):
        call.arguments = {}  # ty: ignore[missing-attribute]
