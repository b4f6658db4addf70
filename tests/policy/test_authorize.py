"""Scopes allow what they say and nothing else."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model.principal import LOOPBACK, Principal
from gateway.model.route import Route
from gateway.policy.authorize import check_scope, decide, least_scope

NAMESPACES = ["data", "database", "github"]
NAMES = ["query", "sql", "query_all"]


def route(kind="tool", namespace="data", name="query", read_only=False) -> Route:
    public = f"{namespace}_{name}" if kind in ("tool", "prompt") else f"{namespace}://{name}"
    return Route(kind, "service", namespace, public, name, {"name": public}, read_only=read_only)


def holder(*scopes: str) -> Principal:
    return Principal("key:test", frozenset(scopes), "key")


READ_TOOL = route(read_only=True)
WRITE_TOOL = route()


@pytest.mark.parametrize(
    ("scope", "wanted", "allowed"),
    [
        ("*", WRITE_TOOL, True),
        ("data:*", WRITE_TOOL, True),
        ("data:write", WRITE_TOOL, True),
        ("data:read", WRITE_TOOL, False),
        ("*:write", WRITE_TOOL, True),
        ("*:read", WRITE_TOOL, False),
        ("database:*", WRITE_TOOL, False),
        ("data_query", WRITE_TOOL, True),
        ("data_*", WRITE_TOOL, True),
        ("*_query", WRITE_TOOL, True),
        ("data_q", WRITE_TOOL, False),
        ("data_?uery", WRITE_TOOL, False),
        ("data_[q]uery", WRITE_TOOL, False),
        ("data_[q]*", WRITE_TOOL, False),
        ("data_?*", WRITE_TOOL, False),
        ("*:*", WRITE_TOOL, False),
        ("DATA:*", WRITE_TOOL, False),
        ("data", WRITE_TOOL, False),
        ("", WRITE_TOOL, False),
        ("data:read", READ_TOOL, True),
        ("data:write", READ_TOOL, False),
        ("*:read", READ_TOOL, True),
        ("data:read", route("prompt"), True),
        ("data_*", route("prompt"), True),
        ("data:read", route("resource"), True),
        ("data:read", route("template"), True),
        ("data:write", route("resource"), False),
        ("data*", route("resource"), False),
        ("data://query", route("resource"), False),
        ("data://*", route("resource"), False),
    ],
)
def test_one_scope_one_route(scope, wanted, allowed):
    assert decide(holder(scope), wanted).allowed is allowed


def test_nobody_may_do_anything_without_a_scope():
    assert not decide(holder(), READ_TOOL).allowed


def test_loopback_may_do_everything():
    assert decide(LOOPBACK, WRITE_TOOL).allowed


def test_a_refusal_names_every_scope_that_would_do_the_narrowest_first():
    decision = decide(holder("github:*"), WRITE_TOOL)
    assert decision.reason == "needs one of the scopes data_query, data:write, data:*, *:write, *"
    assert decision.required == ("data_query", "data:write", "data:*", "*:write", "*")
    assert decide(holder(), route("resource")).required == ("data:read", "data:*", "*:read", "*")


def test_an_allowance_names_the_narrowest_scope_that_gave_it():
    assert decide(holder("*", "data:*", "data_*"), WRITE_TOOL).reason == "granted by the scope data:*"
    assert decide(holder("github:*", "*_query", "data_*"), WRITE_TOOL).reason == "granted by the scope *_query"


@pytest.mark.parametrize("scope", ["*", "data:read", "my-notes:write", "data:*", "*:read", "data_query", "data_*"])
def test_scopes_that_a_key_may_have(scope):
    assert check_scope(scope) == scope


@pytest.mark.parametrize(
    ("scope", "cure"),
    [
        ("data", "write `data:read`, `data:write` or `data:*`"),
        ("*:*", "A scope is `*`"),
        ("data:execute", "A scope is `*`"),
        ("data:", "A scope is `*`"),
        (":read", "A scope is `*`"),
        ("da_ta:read", "A scope is `*`"),
        ("data_query?", "A scope is `*`"),
        ("data_query ", "A scope is `*`"),
        ("data:read\n", "A scope is `*`"),
        ("_" * 65, "A scope is `*`"),
        ("", "A scope is `*`"),
    ],
)
def test_scopes_that_could_grant_nothing_are_refused_with_the_cure(scope, cure):
    with pytest.raises(ValueError, match=re.escape(cure)):
        check_scope(scope)


def naive(scopes: frozenset[str], wanted: Route) -> bool:
    """The grammar, read slowly."""
    verb = "write" if wanted.kind == "tool" and not wanted.read_only else "read"
    has_name = wanted.kind in ("tool", "prompt")
    for scope in scopes:
        if scope == "*":
            return True
        if re.fullmatch(r"[^:]+:[^:]+", scope) and scope != "*:*":
            left, right = scope.split(":")
            if left in ("*", wanted.namespace) and right in ("*", verb):
                return True
        elif has_name and re.fullmatch(r"[A-Za-z0-9_*-]{1,64}", scope):
            pattern = ".*".join(map(re.escape, scope.split("*")))
            if re.fullmatch(pattern, wanted.public):
                return True
    return False


routes = st.builds(
    route,
    kind=st.sampled_from(["tool", "resource", "template", "prompt"]),
    namespace=st.sampled_from(NAMESPACES),
    name=st.sampled_from(NAMES),
    read_only=st.booleans(),
)
sides = st.sampled_from([*NAMESPACES, "*", "read", "write", "Data", ""])
scopes = st.one_of(
    st.just("*"),
    st.builds("{}:{}".format, sides, sides),
    st.text("adtquery_*?[]!-", max_size=12),
    st.sampled_from(["data_query", "data_*", "database_*", "*_query", "d*_q*", "data_query_all"]),
)


@given(st.frozensets(scopes, max_size=4), routes)
def test_decisions_agree_with_the_grammar_read_slowly(granted, wanted):
    assert decide(holder(*granted), wanted).allowed is naive(granted, wanted)


@given(scopes, routes)
def test_every_scope_that_allows_something_passes_the_check(scope, wanted):
    if decide(holder(scope), wanted).allowed:
        assert check_scope(scope) == scope


@given(routes)
def test_each_required_scope_is_enough_by_itself(wanted):
    assert all(decide(holder(scope), wanted).allowed for scope in decide(holder(), wanted).required)


def test_the_scope_to_ask_an_issuer_for_is_one_that_would_do():
    for wanted, scope in ((READ_TOOL, "data:read"), (WRITE_TOOL, "data:write"), (route("resource"), "data:read")):
        assert least_scope(wanted) == scope
        assert decide(holder(scope), wanted).allowed
