"""Who may use the same session: equal keys for those who may, others for all else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import InvalidRequest
from gateway.upstream.connect import Speech
from gateway.upstream.sharing import EVERYONE, GATEWAY, Caller, ShareKey, default_rule, share_key

ADA, ADA_2, BOB = Caller("ada", "s1"), Caller("ada", "s2"), Caller("bob", "s1")
ADA_MODERN, BOB_MODERN = Caller("ada"), Caller("bob")


@pytest.mark.parametrize(
    ("rule", "groups"),
    [
        ("shared", [[ADA, ADA_2, ADA_MODERN, BOB, BOB_MODERN]]),
        ("per_user", [[ADA, ADA_2, ADA_MODERN], [BOB, BOB_MODERN]]),
        ("per_session", [[ADA], [ADA_2], [ADA_MODERN], [BOB], [BOB_MODERN]]),
    ],
)
def test_who_shares_with_whom(rule, groups):
    keys = [{share_key(rule, caller, {}) for caller in group} for group in groups]
    assert all(len(group) == 1 for group in keys)
    assert len(set.union(*keys)) == len(groups)


def test_a_session_of_one_call_belongs_to_nobody_else():
    assert not share_key("per_call", ADA, {}).lasting
    assert share_key("per_user", ADA, {}).lasting


@pytest.mark.parametrize(
    ("speech", "stateful", "rule"),
    [
        (Speech("http", "modern"), False, "shared"),
        (Speech("http", "legacy"), False, "shared"),
        (Speech("http", "legacy"), True, "per_session"),
        (Speech("sse", "legacy"), True, "per_session"),
        (Speech("stdio", "modern"), True, "per_user"),
        (Speech("stdio", "legacy"), True, "per_user"),
        (None, True, "per_session"),
    ],
)
def test_the_rule_where_none_is_set(speech, stateful, rule):
    assert default_rule(speech, stateful) == rule


def test_other_capabilities_need_another_session():
    one = share_key("per_user", ADA, {"sampling": {}, "roots": {"listChanged": True}})
    assert one == share_key("per_user", ADA, {"roots": {"listChanged": True}, "sampling": {}})
    assert one != share_key("per_user", ADA, {"sampling": {}})
    assert one != share_key("shared", ADA, {"sampling": {}, "roots": {"listChanged": True}})


@given(*[st.text(" :a\0", max_size=4)] * 4)
def test_no_two_callers_have_one_key_whatever_they_are_called(subject, session, other_subject, other_session):
    a, b = Caller(subject, session), Caller(other_subject, other_session)
    for rule in ("per_user", "per_session"):
        same = a == b if rule == "per_session" else a.subject == b.subject
        assert (share_key(rule, a, {}) == share_key(rule, b, {})) == same


@given(st.sampled_from(["per_user", "per_session"]), st.text(max_size=9), st.none() | st.text(max_size=9))
def test_nobodys_key_is_the_gateways_own_or_everyones(rule, subject, session):
    key = share_key(rule, Caller(subject, session), {})
    assert key not in (ShareKey(GATEWAY), ShareKey(EVERYONE))


def test_capabilities_that_cannot_be_written_are_the_clients_fault():
    with pytest.raises(InvalidRequest):
        share_key("shared", ADA, {"x": 2**64})
