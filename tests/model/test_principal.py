"""A principal: who calls."""

from dataclasses import FrozenInstanceError

import pytest

from gateway.model.principal import ALL_SCOPES, LOOPBACK, STDIO, Principal


def test_whoever_is_on_this_machine_may_do_everything():
    assert LOOPBACK.scopes == STDIO.scopes == ALL_SCOPES == {"*"}


def test_no_two_proofs_share_a_subject():
    assert LOOPBACK.subject != STDIO.subject
    assert (LOOPBACK.proof, STDIO.proof) == ("loopback", "stdio")


def test_it_is_compared_by_what_it_holds_and_does_not_change():
    ours = Principal("key:ab12", frozenset({"data:read"}), "key")
    assert ours == Principal("key:ab12", frozenset({"data:read"}), "key")
    assert ours != Principal("key:ab12", frozenset({"data:*"}), "key")
    with pytest.raises(FrozenInstanceError):
        ours.subject = "key:cd34"  # ty: ignore[invalid-assignment]
