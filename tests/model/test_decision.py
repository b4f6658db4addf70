"""A decision: allowed or refused, and why."""

from dataclasses import FrozenInstanceError

import pytest

from gateway.model.decision import Decision


def test_it_needs_no_scope_unless_it_names_one():
    assert Decision(True, "every scope is granted").required == ()


def test_it_does_not_change():
    decision = Decision(False, "needs a scope", ("data:read",))
    with pytest.raises(FrozenInstanceError):
        decision.allowed = True  # ty: ignore[invalid-assignment]
