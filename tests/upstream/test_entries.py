"""What of a list can be used, and what is said of the rest. All the ways: tests/contract/bad_upstreams.py."""

from typing import Any

import pytest

from gateway.model.listing import Definition
from gateway.upstream.entries import LISTS, oddities, take

OBJECT = {"type": "object"}
REF = "https://schemas.example/address"


def tool(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "inputSchema": OBJECT, **more}


def odd(*items: dict[str, Any], era: Any = "modern") -> list[str]:
    return oddities("ns", LISTS["tools"], {item["name"]: item for item in items}, era)


def test_entries_are_taken_as_they_are():
    items: dict[str, Definition] = {}
    assert take({"tools": [tool("a"), tool("b", vendor={"kept": [1]})]}, LISTS["tools"], items) == []
    assert items == {"a": tool("a"), "b": tool("b", vendor={"kept": [1]})}


def test_the_first_of_a_name_is_kept_over_all_pages():
    items: dict[str, Definition] = {}
    take({"tools": [tool("a")]}, LISTS["tools"], items)
    assert take({"tools": [tool("a", title="B")]}, LISTS["tools"], items) == [
        "tools/list: 'a' is there twice; the first is kept"
    ]
    assert items == {"a": tool("a")}


@pytest.mark.parametrize("more", [{"ttlMs": 0}, {"ttlMs": 5000, "cacheScope": "public"}, {"nextCursor": None}, {}])
def test_a_page_that_is_as_it_should_be(more):
    assert take({"prompts": [], **more}, LISTS["prompts"], {}) == []


@pytest.mark.parametrize("more", [{"ttlMs": -1}, {"ttlMs": 1.5}, {"ttlMs": None}, {"cacheScope": 5}, {"nextCursor": 1}])
def test_a_page_that_is_not(more):
    assert len(take({"prompts": [], **more}, LISTS["prompts"], {})) == 1


@pytest.mark.parametrize("name", ["a", "read.file", "A-b_9", "x" * 61])
def test_names_that_are_no_ones_fault(name):
    assert odd(tool(name)) == []


@pytest.mark.parametrize("name", ["x" * 62, "x" * 129, "a b", "ä", "a/b"])
def test_names_that_are_called_otherwise(name):
    (fault,) = odd(tool(name))
    assert "it is called 'ns_" in fault


def test_an_array_is_no_fault_of_a_modern_upstream():
    numbers = tool("numbers", outputSchema={"type": "array"})
    assert odd(numbers) == []
    assert "legacy clients do not see it" in odd(numbers, era="legacy")[0]


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#/$defs/a"},
        {"$ref": "#anchor"},
        {"properties": {"$ref": {"type": "string"}}},
        {"$ref": REF, "$defs": {"a": {"$id": REF}}},
        {"$ref": f"{REF}#/x", "$defs": {"a": {"$id": REF}}},
    ],
)
def test_references_within_a_schema_are_fine(schema):
    assert odd(tool("x", inputSchema={**OBJECT, **schema})) == []


@pytest.mark.parametrize("schema", [{"$ref": REF}, {"allOf": [{"$dynamicRef": f"{REF}#a"}], "$id": f"{REF}2"}])
def test_references_to_the_network_are_told(schema):
    (fault,) = odd(tool("x", outputSchema={**OBJECT, **schema}))
    assert (
        fault == "tools/list: 'x' has a $ref to the network in its schemas: it is passed on as it is, and never fetched"
    )
