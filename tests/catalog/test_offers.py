"""Capabilities: what somebody offers, and nothing else."""

from typing import Any

import pytest

from gateway.catalog.catalog import Source
from gateway.catalog.offers import UI, both, offered, relayed
from gateway.model.listing import Listing

HANDLED: dict[str, Any] = {
    "tools": {"listChanged": True},
    "prompts": {"listChanged": True},
    "resources": {"subscribe": True, "listChanged": True},
    "logging": {},
    "completions": {},
    "extensions": {UI: {}, "com.example/tasks": {"list": {}}},
}
OWN = Source("service", "gateway", Listing(resources=({"uri": "status://system"},)), prefixed=False)


def upstream(**listing: Any) -> Source:
    return Source("upstream", "ns", Listing(**listing))


def test_what_nobody_offers_is_not_named():
    assert relayed(HANDLED, [OWN]) == {
        "resources": {"listChanged": True},
        "completions": {},
        "extensions": {"com.example/tasks": {"list": {}}},
    }


@pytest.mark.parametrize(
    "listing",
    [{"tools": ({"name": "a"},)}, {"prompts": ({"name": "a"},)}, {"templates": ({"uriTemplate": "a"},)}],
)
def test_what_is_listed_is_offered(listing: dict[str, Any]):
    (name,) = listing
    assert offered([upstream(**listing)]) == {"resources" if name == "templates" else name}


def test_what_an_upstream_declares_may_come_to_be_listed():
    assert offered([upstream(capabilities={"prompts": {}})]) == {"prompts"}


def test_what_code_has_added_to_the_gateway_counts():
    assert relayed({"prompts": {}}, [OWN], ["prompts"]) == {"prompts": {}}


@pytest.mark.parametrize(
    ("declared", "kept"), [({"subscribe": True}, True), ({"subscribe": False}, False), ({}, False)]
)
def test_resources_are_watched_if_an_upstream_can_tell_of_them(declared: dict[str, Any], kept: bool):
    found = relayed(HANDLED, [OWN, upstream(capabilities={"resources": declared})])["resources"]
    assert found == {"listChanged": True, **({"subscribe": True} if kept else {})}


@pytest.mark.parametrize(
    "source", [upstream(capabilities={"logging": {}}), Source("service", "own", Listing())], ids=["upstream", "service"]
)
def test_whoever_may_log(source: Source):
    assert relayed(HANDLED, [OWN, source])["logging"] == {}


@pytest.mark.parametrize("meta", [{"ui": {"resourceUri": "ui://x"}}, {"ui/resourceUri": "ui://x"}])
def test_pages_are_named_while_a_tool_has_one(meta: dict[str, Any]):
    assert UI in relayed(HANDLED, [upstream(tools=({"name": "a", "_meta": meta},))])["extensions"]
    assert UI not in relayed(HANDLED, [upstream(tools=({"name": "a", "_meta": {"other": 1}},))])["extensions"]


def test_no_extension_is_no_member():
    assert relayed({"extensions": {UI: {}}}, [OWN]) == {}


@pytest.mark.parametrize(
    ("client", "shared"),
    [
        ({"extensions": {"a": {"x": 1}, "b": {}}}, {"extensions": {"a": {"x": 1}}}),
        ({"extensions": {"b": {}}, "roots": {}}, {"roots": {}}),
        ({"extensions": ["a"]}, {"extensions": ["a"]}),
        ({}, {}),
    ],
)
def test_extensions_of_both_sides(client: dict[str, Any], shared: dict[str, Any]):
    assert both(client, {"extensions": {"a": {}, "c": {}}}) == shared


def test_an_upstream_without_extensions_is_told_of_none():
    assert both({"extensions": {"a": {}}}, {}) == both({"extensions": {"a": {}}}, {"extensions": None}) == {}
