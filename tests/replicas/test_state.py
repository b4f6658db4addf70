"""The state of the link between replicas."""

from dataclasses import FrozenInstanceError

import pytest

from gateway.replicas.state import LinkState


def test_it_gives_no_reason_unless_there_is_one_and_does_not_change():
    state = LinkState("connected", 1.0)
    assert state.reason == ""
    with pytest.raises(FrozenInstanceError):
        state.since = 2.0  # ty: ignore[invalid-assignment]
