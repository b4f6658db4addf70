"""A tool's arguments as its schema has them."""

import time
from typing import Any

import pytest

from gateway.client.schema import faults_of, parameters_of

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "text": {"type": "string", "description": "What to say."},
        "times": {"anyOf": [{"type": "integer"}, {"type": "null"}], "default": 1},
        "how": {"enum": ["loud", "quiet"]},
        "tags": {"type": "array", "items": {"type": ["string", "integer"]}},
        "where": {"$ref": "#/$defs/Place"},
        "any": {},
    },
    "required": ["text"],
    "additionalProperties": False,
    "$defs": {"Place": {"type": "object", "description": "A place.", "properties": {"city": {"type": "string"}}}},
}


def test_each_argument_says_what_it_takes():
    found = parameters_of(SCHEMA)
    assert {name: each.takes for name, each in found.items()} == {
        "text": "text",
        "times": "a whole number",
        "how": "one of loud, quiet",
        "tags": "text or a whole number, repeatable",
        "where": "a JSON object",
        "any": "any value",
    }
    assert [name for name, each in found.items() if each.required] == ["text"]
    assert (found["times"].default, found["where"].description) == (1, "A place.")


@pytest.mark.parametrize(
    ("arguments", "faults"),
    [
        ({"text": "a"}, []),
        ({}, ["'text' is missing"]),
        ({"text": 1}, ["'text' must be text"]),
        ({"text": "a", "how": "CANARY"}, ["'how' must be one of loud, quiet"]),
        ({"text": "a", "where": {"city": 1}}, ["'where.city' must be text"]),
        ({"text": "a", "more": "CANARY"}, ["there is no 'more'"]),
    ],
)
def test_a_fault_names_its_argument_and_no_value(arguments: dict[str, Any], faults: list[str]):
    assert faults_of(SCHEMA, arguments) == faults


def test_a_bound_is_told():
    schema = {"properties": {"a": {"maximum": 3}, "b": {"maxLength": 2}}}
    assert faults_of(schema, {"a": 4, "b": "CANARY"}) == [
        "'a' does not keep to maximum of 3",
        "'b' does not keep to maxLength of 2",
    ]


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "nonsense"},
        {"$ref": "http://127.0.0.1:9/schema"},
        {"$ref": "#/nowhere"},
        {"$ref": "#"},
        {"properties": []},
        {"properties": {"a": {"$ref": "#/properties/a"}}},
    ],
)
def test_a_schema_that_is_not_sound_is_left_to_the_server(schema: dict[str, Any]):
    assert faults_of(schema, {"a": 1}) == []
    assert all(each.takes == "any value" for each in parameters_of(schema).values())


def test_a_pattern_that_takes_for_ever_is_not_run():
    evil = {"pattern": "^(a|a)*$"}
    schema = {"properties": {"a": evil}, "patternProperties": {"^(a|a)*$": {}}, "additionalProperties": False}
    began = time.process_time()
    assert faults_of(schema, {"a": "a" * 50 + "!", "a" * 50 + "!": 1}) == []
    assert time.process_time() - began < 1


def test_only_so_many_faults_are_told():
    assert len(faults_of({"additionalProperties": {"type": "string"}}, dict.fromkeys(map(str, range(50)), 1))) == 10
