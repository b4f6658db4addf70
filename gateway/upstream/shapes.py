"""An upstream's result in a shape that clients can read: what no SDK knows is put in words, the rest is not touched."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import orjson
from mcp_types import CallToolResult, ContentBlock, GetPromptResult, InputRequiredResult, ReadResourceResult
from pydantic import TypeAdapter, ValidationError

from gateway.errors import UpstreamBroken
from gateway.model.route import Kind

METHODS: Final[Mapping[Kind, str]] = {
    "tool": "tools/call",
    "resource": "resources/read",
    "template": "resources/read",
    "prompt": "prompts/get",
}
CONTENT = TypeAdapter(ContentBlock)
PLAIN_TEXT: Final = frozenset({"type", "text"})

Result = dict[str, Any]


def is_text(result: Mapping[str, Any]) -> bool:
    """Whether a tool's result is as most are: nothing but text. It saves them all that is done for other content."""
    content = result.get("content")
    if type(content) is not list or type(result.get("isError", False)) is not bool:
        return False
    for block in content:
        if type(block) is not dict or block.keys() != PLAIN_TEXT or block["type"] != "text":
            return False
        if type(block["text"]) is not str:
            return False
    return result.get("resultType", "complete") == "complete" and type(result.get("_meta", {})) is dict


def readable(namespace: str, kind: Kind, result: Result) -> Result:
    """`result`, in which content of a kind that the SDK does not know has become text, instead of spoiling the rest.

    Raises:
        UpstreamBroken: it is no result of a call, read or prompt.
    """
    try:
        if result.get("resultType") == "input_required":
            InputRequiredResult.model_validate(result)
            return result
        return SHAPES[kind](result)
    except ValidationError as error:
        raise UpstreamBroken(
            namespace, f"answered {METHODS[kind]} with something that is no such result. Report it to its makers."
        ) from error


def _of_tool(result: Result) -> Result:
    content = result.get("content", [])
    known = [_known(each) for each in content] if isinstance(content, list) else content
    shaped = {**result, "content": known}
    read = CallToolResult.model_validate(shaped)
    return shaped if type(result.get("isError", False)) is bool else {**shaped, "isError": read.is_error}


def _of_resource(result: Result) -> Result:
    ReadResourceResult.model_validate(result)
    return result


def _of_prompt(result: Result) -> Result:
    messages = result.get("messages")
    if isinstance(messages, list):
        known = [{**each, "content": _known(each.get("content"))} for each in messages if isinstance(each, dict)]
        result = {**result, "messages": known}
    GetPromptResult.model_validate(result)
    return result


def _known(block: Any) -> Any:
    try:
        CONTENT.validate_python(block)
    except ValidationError:
        return {"type": "text", "text": orjson.dumps(block).decode()}
    return block


SHAPES: Final[Mapping[Kind, Callable[[Result], Result]]] = {
    "tool": _of_tool,
    "resource": _of_resource,
    "template": _of_resource,
    "prompt": _of_prompt,
}
