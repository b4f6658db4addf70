"""What the result of a tool says."""

import pytest
from mcp_types import CallToolResult, ImageContent, TextContent

from gateway.client.results import text_of, value_of


def result(*texts: str, structured: dict | None = None) -> CallToolResult:
    return CallToolResult(content=[TextContent(text=text) for text in texts], structured_content=structured)


def test_texts_are_lines_and_what_is_none_is_named():
    image = ImageContent(data="", mime_type="image/png")
    assert text_of(CallToolResult(content=[TextContent(text="a"), image])) == "a\n[image]"


@pytest.mark.parametrize(
    ("given", "value"),
    [
        (result("ignored", structured={"a": 1}), {"a": 1}),
        (result('{"a": 1}'), {"a": 1}),
        (result("plain"), "plain"),
        (result("[" * 100_000), "[" * 100_000),
        (result(), ""),
    ],
)
def test_a_value_is_what_is_structured_or_json_or_text(given: CallToolResult, value: object):
    assert value_of(given) == value
