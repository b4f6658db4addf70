"""What only the modern era has, as a legacy client gets it."""

import pytest

from gateway.catalog.eras import legacy_tool, legacy_tool_result

TEXT = {"type": "text", "text": "three numbers"}


@pytest.mark.parametrize("schema", [{"type": "array"}, {"type": "integer"}, {}, True, {"$ref": "#/$defs/x"}])
def test_an_output_schema_that_is_no_objects_is_left_out(schema: object) -> None:
    tool = {"name": "numbers", "inputSchema": {"type": "object"}, "outputSchema": schema, "title": "Numbers"}
    assert legacy_tool(tool) == {"name": "numbers", "inputSchema": {"type": "object"}, "title": "Numbers"}


@pytest.mark.parametrize("more", [{}, {"outputSchema": {"type": "object"}}])
def test_any_other_tool_stays_the_very_same(more: dict) -> None:
    tool = {"name": "echo", "inputSchema": {"type": "object"}, **more}
    assert legacy_tool(tool) is tool


@pytest.mark.parametrize("structured", [[1, 2, 3], "three", 3, True, []])
def test_structured_content_that_is_no_object_is_left_out(structured: object) -> None:
    result = {"content": [TEXT], "structuredContent": structured, "isError": False, "_meta": {"k": "v"}}
    assert legacy_tool_result(result) == {"content": [TEXT], "isError": False, "_meta": {"k": "v"}}


def test_it_is_said_as_text_when_nothing_else_says_it() -> None:
    assert legacy_tool_result({"content": [], "structuredContent": [1, {"a": None}]}) == {
        "content": [{"type": "text", "text": '[1,{"a":null}]'}]
    }


@pytest.mark.parametrize("result", [{"content": [TEXT]}, {"content": [], "structuredContent": {"sum": 3}}])
def test_any_other_result_stays_the_very_same(result: dict) -> None:
    assert legacy_tool_result(result) is result
