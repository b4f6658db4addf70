"""Hints for caches: the least that holds for all, whatever an upstream says."""

from typing import Any

import pytest

from gateway.catalog.catalog import Source
from gateway.catalog.freshness import (
    MOST,
    MOST_OF_A_LIST,
    call_hints,
    hints_of,
    least,
    list_hints,
    read_hints,
    without_hints,
)
from gateway.model.listing import Listing
from gateway.model.route import Owner

NOW = 1_800_000_000.0


def source(ttl_ms: int | None, scope: str = "public", *, owner: Owner = "upstream", age: float = 0.0) -> Source:
    hints = {} if ttl_ms is None else {"tools/list": {"ttlMs": ttl_ms, "cacheScope": scope}}
    return Source(owner, "ns", Listing(hints=hints, heard_at=NOW - age))


def tools(*sources: Source, by_principal: bool = False) -> tuple[int, str]:
    hints = list_hints("tools/list", sources, NOW, by_principal=by_principal)
    return hints["ttlMs"], hints["cacheScope"]


def test_the_least_of_what_is_left_of_each():
    assert tools(source(60_000, age=12.5), source(90_000), source(300_000, owner="service")) == (47_500, "public")


def test_nothing_is_left_of_what_was_heard_long_ago():
    assert tools(source(60_000, age=61), source(90_000)) == (0, "public")


def test_a_clock_that_was_set_back_adds_nothing():
    assert tools(source(60_000, age=-5)) == (60_000, "public")


def test_a_service_does_not_age():
    assert tools(source(60_000, owner="service", age=9_999)) == (60_000, "public")


def test_a_service_that_says_nothing_is_the_same_for_all_and_for_five_minutes():
    assert tools(source(None, owner="service")) == (300_000, "public")


def test_an_upstream_without_such_a_list_has_no_say():
    assert tools(source(None), source(60_000)) == (60_000, "public")


def test_an_upstream_that_was_never_heard_may_be_at_any_moment():
    assert tools(Source("upstream", "ns", Listing()), source(60_000)) == (0, "public")


@pytest.mark.parametrize("owner", ["upstream", "service"])
def test_private_if_anyone_says_so(owner: Owner):
    assert tools(source(60_000), source(60_000, "private", owner=owner)) == (60_000, "private")


def test_private_if_lists_differ_by_principal():
    assert tools(source(60_000), by_principal=True) == (60_000, "private")


def test_no_list_is_fresh_for_longer_than_an_hour():
    assert tools(source(MOST)) == tools() == (MOST_OF_A_LIST, "public") == (3_600_000, "public")


ODD: list[Any] = [-1, -(2**63), True, "60000", 1.5, None, [], {}]


@pytest.mark.parametrize("ttl", ODD)
def test_a_time_that_is_none_counts_as_stale(ttl: Any):
    assert hints_of({"ttlMs": ttl, "cacheScope": "public"}) == {"ttlMs": 0, "cacheScope": "public"}


@pytest.mark.parametrize("scope", [None, "PUBLIC", "", "everyone", 1, ["public"]])
def test_a_scope_that_is_none_counts_as_private(scope: Any):
    assert hints_of({"ttlMs": 5, "cacheScope": scope}) == {"ttlMs": 5, "cacheScope": "private"}


def test_what_is_missing_is_stale_and_private():
    assert hints_of({}) == {"ttlMs": 0, "cacheScope": "private"}


def test_an_absurd_time_is_one_that_a_client_can_count():
    assert hints_of({"ttlMs": 2**63})["ttlMs"] == MOST


def test_one_hint_for_all_pages():
    pages = [{"ttlMs": 9, "cacheScope": "public"}, {"ttlMs": 5, "cacheScope": "private"}]
    assert least(pages) == {"ttlMs": 5, "cacheScope": "private"}


def test_what_was_read_keeps_its_hints():
    read = {"contents": [], "ttlMs": 5, "cacheScope": "public"}
    assert call_hints("resources/read", read) == read
    assert call_hints("resources/read", {"contents": [], "ttlMs": -5}) == {
        "contents": [], "ttlMs": 0, "cacheScope": "private"
    }  # fmt: skip


@pytest.mark.parametrize("method", ["resources/read", "tools/call", "prompts/get"])
def test_what_asks_for_input_has_none(method: str):
    asked = {"resultType": "input_required", "ttlMs": 5, "cacheScope": "public"}
    assert call_hints(method, asked) == {"resultType": "input_required"}


def test_a_call_gets_none():
    assert call_hints("tools/call", {"content": []}) == {"content": []}


def test_a_legacy_client_sees_none():
    assert without_hints({"contents": [], "ttlMs": 5, "cacheScope": "public"}) == {"contents": []}


def test_a_service_says_what_holds_for_all_that_is_read_from_it():
    hints = {"ttlMs": 5, "cacheScope": "public"}
    sources = [Source("service", "one", Listing()), Source("service", "two", Listing(hints={"resources/read": hints}))]
    assert read_hints(sources, "two") == hints
    assert read_hints(sources, "one") is read_hints(sources, "three") is None
