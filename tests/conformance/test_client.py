"""What the client under test gives where something is asked of it."""

from typing import Any

import pytest
from mcp_types import ElicitRequestFormParams, ElicitRequestURLParams, Tool

from tests.conformance.client import accept, arguments, sample


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "string"}, "text"),
        ({"type": "integer", "default": 30}, 30),
        ({"type": "boolean", "default": False}, False),
        ({"type": "null"}, None),
        ({}, "text"),
    ],
)
def test_a_sample_is_the_default_or_of_the_type(schema: dict[str, Any], value: Any):
    assert sample(schema) == value


def test_a_tool_is_given_what_it_must_have():
    schema = {"type": "object", "properties": {"a": {"type": "number"}, "b": {"type": "string"}}, "required": ["a"]}
    assert arguments(Tool(name="add", input_schema=schema)) == {"a": 1.5}


async def test_a_form_is_accepted_with_its_defaults():
    schema = {"type": "object", "properties": {"age": {"type": "integer", "default": 30}, "ok": {"type": "boolean"}}}
    answer = await accept("?", dict, ElicitRequestFormParams(message="?", requested_schema=schema), None)
    assert (answer.action, answer.content) == ("accept", {"age": 30, "ok": True})


async def test_a_url_is_not_visited():
    params = ElicitRequestURLParams(message="?", url="https://example.com", elicitation_id="1")
    assert (await accept("?", None, params, None)).action == "decline"
