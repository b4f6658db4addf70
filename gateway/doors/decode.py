"""An upstream's result, as the objects that FastMCP and its middleware work with.

The SDK's models drop members that they do not know; that loss is the main door's, and listed in `docs/protocol.md`.
"""

from typing import Any

import mcp_types
import orjson
from fastmcp.prompts.base import InputRequiredPromptResult, Message, PromptResult
from fastmcp.resources.base import InputRequiredResourceResult, ResourceContent, ResourceResult
from fastmcp.tools.base import InputRequiredToolResult, ToolResult
from mcp_types import CallToolResult, ContentBlock, GetPromptResult, InputRequiredResult, ReadResourceResult
from pydantic import TypeAdapter, ValidationError

from gateway.errors import UpstreamBroken

CONTENT = TypeAdapter(ContentBlock)


class RelayedResource(ResourceResult):
    """What an upstream answered to a read, each content with its own URI and media type."""

    relayed: ReadResourceResult

    def __init__(self, relayed: ReadResourceResult):
        contents = [_content(each) for each in relayed.contents]
        super(ResourceResult, self).__init__(contents=contents, meta=relayed.meta, relayed=relayed)

    def to_mcp_result(self, uri: Any) -> ReadResourceResult:
        return self.relayed


class RelayedPrompt(PromptResult):
    """What an upstream answered to a prompt."""

    relayed: GetPromptResult

    def __init__(self, relayed: GetPromptResult):
        messages = [Message(each.content, role=each.role) for each in relayed.messages]
        super(PromptResult, self).__init__(
            messages=messages, description=relayed.description, meta=relayed.meta, relayed=relayed
        )

    def to_mcp_prompt_result(self) -> GetPromptResult:
        return self.relayed


def _content(each: mcp_types.TextResourceContents | mcp_types.BlobResourceContents) -> ResourceContent:
    if isinstance(each, mcp_types.TextResourceContents):
        return ResourceContent(each.text, mime_type=each.mime_type, meta=each.meta)
    return ResourceContent(each.blob.encode(), mime_type=each.mime_type, meta=each.meta)


def tool_result(namespace: str, result: dict[str, Any]) -> ToolResult:
    """A `tools/call` result. Content of a kind that the SDK does not know becomes text, instead of spoiling the rest.

    Raises:
        UpstreamBroken: it is no such result.
    """
    try:
        if (asked := _input_required(result)) is not None:
            return InputRequiredToolResult(asked)
        decoded = CallToolResult.model_validate({**result, "content": _known_content(result.get("content", []))})
    except ValidationError as error:
        raise _broken(namespace, "tools/call") from error
    relayed = ToolResult(content=decoded.content, meta=decoded.meta, is_error=bool(decoded.is_error))
    relayed._raw_mcp_result = decoded
    return relayed


def resource_result(namespace: str, result: dict[str, Any]) -> ResourceResult:
    """A `resources/read` result."""
    try:
        if (asked := _input_required(result)) is not None:
            return InputRequiredResourceResult(asked)
        return RelayedResource(ReadResourceResult.model_validate(result))
    except ValidationError as error:
        raise _broken(namespace, "resources/read") from error


def prompt_result(namespace: str, result: dict[str, Any]) -> PromptResult:
    """A `prompts/get` result."""
    try:
        if (asked := _input_required(result)) is not None:
            return InputRequiredPromptResult(asked)
        return RelayedPrompt(GetPromptResult.model_validate(result))
    except ValidationError as error:
        raise _broken(namespace, "prompts/get") from error


def _input_required(result: dict[str, Any]) -> InputRequiredResult | None:
    return InputRequiredResult.model_validate(result) if result.get("resultType") == "input_required" else None


def _known_content(content: Any) -> Any:
    if not isinstance(content, list):
        return content
    return [each if _is_known(each) else {"type": "text", "text": orjson.dumps(each).decode()} for each in content]


def _is_known(block: Any) -> bool:
    try:
        CONTENT.validate_python(block)
    except ValidationError:
        return False
    return True


def _broken(namespace: str, method: str) -> UpstreamBroken:
    return UpstreamBroken(
        namespace, f"answered {method} with something that is no such result. Report it to its makers."
    )
