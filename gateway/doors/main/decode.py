"""An upstream's result, as the objects that FastMCP and its middleware work with.

The SDK's models drop members that they do not know; that loss is the main door's, and listed in `docs/protocol.md`.
"""

import binascii
from base64 import b64decode
from typing import Any

import mcp_types
from fastmcp.prompts.base import InputRequiredPromptResult, Message, PromptResult
from fastmcp.resources.base import InputRequiredResourceResult, ResourceContent, ResourceResult
from fastmcp.tools.base import InputRequiredToolResult, ToolResult
from mcp_types import CallToolResult, GetPromptResult, InputRequiredResult, ReadResourceResult
from pydantic import RootModel

from gateway.catalog.freshness import Hints


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
    return ResourceContent(_bytes(each.blob), mime_type=each.mime_type, meta=each.meta)


def _bytes(blob: str) -> bytes:
    try:
        return b64decode(blob)
    except binascii.Error:
        return blob.encode()  # for code in this process; clients get what the upstream sent


class RelayedTask(RootModel[dict[str, Any]]):
    """A task that an upstream made of a call. FastMCP lets a result of no kind that it knows go on as it is."""


def tool_result(result: dict[str, Any]) -> ToolResult:
    """A `tools/call` result."""
    if (asked := _input_required(result)) is not None:
        return InputRequiredToolResult(asked)
    decoded = CallToolResult.model_validate(result)
    relayed = ToolResult(content=decoded.content, meta=decoded.meta, is_error=bool(decoded.is_error))
    relayed._raw_mcp_result = decoded
    return relayed


def resource_result(result: dict[str, Any]) -> ResourceResult:
    """A `resources/read` result."""
    if (asked := _input_required(result)) is not None:
        return InputRequiredResourceResult(asked)
    return RelayedResource(ReadResourceResult.model_validate(result))


def with_hints(uri: str, result: ResourceResult, hints: Hints) -> ResourceResult:
    """What a service answered to a read of `uri`, with how long it may be kept and by whom."""
    if isinstance(result, InputRequiredResourceResult):
        return result
    update = {"ttl_ms": hints["ttlMs"], "cache_scope": hints["cacheScope"]}
    return RelayedResource(result.to_mcp_result(uri).model_copy(update=update))


def prompt_result(result: dict[str, Any]) -> PromptResult:
    """A `prompts/get` result."""
    if (asked := _input_required(result)) is not None:
        return InputRequiredPromptResult(asked)
    return RelayedPrompt(GetPromptResult.model_validate(result))


def _input_required(result: dict[str, Any]) -> InputRequiredResult | None:
    return InputRequiredResult.model_validate(result) if result.get("resultType") == "input_required" else None
