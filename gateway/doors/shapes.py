"""An upstream's result in a shape that clients can read: what no SDK knows is put in words, the rest is not touched."""

from collections.abc import Callable, Mapping
from typing import Any

import orjson
from mcp_types import CallToolResult, ContentBlock, GetPromptResult, InputRequiredResult, ReadResourceResult
from pydantic import TypeAdapter, ValidationError

from gateway.errors import UpstreamBroken
from gateway.model.route import Kind
from gateway.upstream.plain import is_text
from gateway.upstream.relay import METHODS
from gateway.upstream.tasks import is_task

CONTENT = TypeAdapter(ContentBlock)

Result = dict[str, Any]


def readable(namespace: str, kind: Kind, result: Result) -> Result:
    """`result`, in which content of a kind that the SDK does not know has become text, instead of spoiling the rest.

    Raises:
        UpstreamBroken: it is no result of a call, read or prompt.
    """
    if kind == "tool" and (is_text(result) or is_task(result)):
        return result
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


SHAPES: Mapping[Kind, Callable[[Result], Result]] = {
    "tool": _of_tool,
    "resource": _of_resource,
    "template": _of_resource,
    "prompt": _of_prompt,
}
