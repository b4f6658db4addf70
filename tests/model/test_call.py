"""What is known of a call before it runs."""

import pytest

from gateway.model.call import Call
from gateway.model.principal import LOOPBACK
from gateway.model.route import Route


def test_a_call_is_frozen():
    call = Call("r", Route("tool", "service", "own", "own_shout", "shout", {}), LOOPBACK, "modern")
    with pytest.raises(AttributeError):
        call.era = "legacy"  # ty: ignore[invalid-assignment]
