"""An upstream's result as objects: whole where it is sound, in words where it is not."""

import base64
from typing import Any

import pytest
from fastmcp.prompts.base import InputRequiredPromptResult
from fastmcp.resources.base import InputRequiredResourceResult, ResourceResult
from fastmcp.tools.base import InputRequiredToolResult

from gateway.doors.main.decode import prompt_result, resource_result, tool_result, with_hints

ASKED = {
    "resultType": "input_required",
    "inputRequests": {
        "answer": {"method": "elicitation/create", "params": {"mode": "form", "message": "?", "requestedSchema": {}}}
    },
    "requestState": "state",
}


def wire(result: Any) -> dict[str, Any]:
    """A result as it goes to the client, with what the SDK adds for modern ones."""
    return result.model_dump(by_alias=True, mode="json", exclude_none=True)


def test_a_tools_result_goes_on_as_it_came() -> None:
    came = {
        "content": [
            {"type": "text", "text": "hello", "annotations": {"priority": 0.5}, "_meta": {"k": "v"}},
            {"type": "image", "data": "AAAA", "mimeType": "image/png"},
            {"type": "resource_link", "uri": "text://raw/notes", "name": "notes"},
        ],
        "structuredContent": {"a": [1, None]},
        "isError": False,
        "_meta": {"k": "v"},
    }
    result = tool_result(came)
    assert came.items() <= wire(result.to_mcp_result()).items()
    assert not result.is_error


@pytest.mark.parametrize("structured", [[1, 2], "text", 3, {"a": 1}])
def test_structured_content_of_any_kind_is_kept(structured: Any) -> None:
    result: Any = tool_result({"content": [], "structuredContent": structured})
    assert result.to_mcp_result().structured_content == structured


def test_contents_keep_their_own_uri_and_media_type() -> None:
    blob = base64.b64encode(b"\x00\x01").decode()
    came = {
        "contents": [
            {"uri": "text://raw/a", "mimeType": "text/x", "text": "hello", "_meta": {"k": "v"}},
            {"uri": "text://raw/b", "blob": blob},
        ],
        "_meta": {"k": "v"},
    }
    result = resource_result(came)
    assert came.items() <= wire(result.to_mcp_result("text://raw/other")).items()
    assert [each.content for each in result.contents] == ["hello", b"\x00\x01"]


def test_a_blob_that_is_no_base64_goes_on_as_it_came() -> None:
    result = resource_result({"contents": [{"uri": "text://raw/b", "blob": "A"}]})
    assert wire(result.to_mcp_result("text://raw/b"))["contents"][0]["blob"] == "A"
    assert result.contents[0].content == b"A"


def test_a_prompt_goes_on_as_it_came() -> None:
    came = {
        "description": "A greeting",
        "messages": [
            {"role": "user", "content": {"type": "text", "text": "Greet Ada."}},
            {"role": "assistant", "content": {"type": "image", "data": "AAAA", "mimeType": "image/png"}},
        ],
        "_meta": {"k": "v"},
    }
    result = prompt_result(came)
    assert came.items() <= wire(result.to_mcp_prompt_result()).items()
    assert [message.role for message in result.messages] == ["user", "assistant"]


@pytest.mark.parametrize(
    ("decode", "kind"),
    [
        (tool_result, InputRequiredToolResult),
        (resource_result, InputRequiredResourceResult),
        (prompt_result, InputRequiredPromptResult),
    ],
)
def test_a_request_for_input_is_known_as_one(decode: Any, kind: type) -> None:
    result = decode(ASKED)
    assert isinstance(result, kind)
    assert result.input_required.request_state == "state"


def test_what_a_service_gives_can_be_kept_as_long_as_it_says() -> None:
    kept = with_hints("text://own/notes", ResourceResult("Notes."), {"ttlMs": 5000, "cacheScope": "public"})
    said = kept.to_mcp_result("text://own/notes").model_dump(by_alias=True, mode="json", exclude_none=True)
    assert (said["ttlMs"], said["cacheScope"]) == (5000, "public")
    assert (said["contents"][0]["uri"], said["contents"][0]["text"]) == ("text://own/notes", "Notes.")


def test_a_services_question_is_not_for_keeping() -> None:
    asked = resource_result(ASKED)
    assert with_hints("text://own/notes", asked, {"ttlMs": 5000, "cacheScope": "public"}) is asked
