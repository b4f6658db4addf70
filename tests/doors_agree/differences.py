"""In what the doors differ and may, as data: `docs/protocol.md` has the same list, in the same words.

What is listed is what the SDK's models make of an upstream's result at the main door. The express door lets it through.
Beside that, a legacy client gets an answer that needs no stream without one (`as_json`).
"""

from dataclasses import replace
from typing import Any, NamedTuple

from mcp_types import CallToolResult, GetPromptResult, InputRequiredResult, ReadResourceResult
from mcp_types.methods import serialize_server_result
from pydantic import BaseModel, ValidationError

from tests.doors_agree.exchange import Answer
from tests.upstreams.messages import MODERN

ABSENT = "<absent>"
OF_STREAMS = frozenset({"cache-control", "connection", "x-accel-buffering"})


class Difference(NamedTuple):
    """One of them: what it is, a tool's result that shows it, where in that, and what stands there."""

    says: str
    result: dict[str, Any]
    at: tuple[str | int, ...]
    main: Any
    express: Any


DIFFERENCES = (
    Difference(
        "members that the SDK does not know are dropped",
        {"content": [{"type": "text", "text": "x", "vendor": {"a": 1}}]},
        ("content", 0, "vendor"),
        ABSENT,
        {"a": 1},
    ),
    Difference(
        "members that are `null` are left out, of `_meta` too",
        {"content": [], "_meta": {"com.example/kept": None}},
        ("_meta", "com.example/kept"),
        ABSENT,
        None,
    ),
    Difference(
        "members that were left out and have a default get it (`isError: false`)",
        {"content": []},
        ("isError",),
        False,
        ABSENT,
    ),
    Difference(
        "a number or text in another form than the schema's gets that form (`1` becomes `1.0`)",
        {"content": [{"type": "text", "text": "x", "annotations": {"priority": 1}}]},
        ("content", 0, "annotations", "priority"),
        1.0,
        1,
    ),
)

MODELS: dict[str, tuple[str, type[BaseModel]]] = {
    "content": ("tools/call", CallToolResult),
    "contents": ("resources/read", ReadResourceResult),
    "messages": ("prompts/get", GetPromptResult),
}
"""What a complete result answers and how it is read, by the member that only it has."""


def leveled(answer: Answer) -> Answer:
    """The answer without anything in which the doors may differ: with its result as the SDK reads and writes it."""
    answer = as_json(answer)
    final = answer.final()
    result = final.get("result") if isinstance(final, dict) else None
    if not isinstance(result, dict):
        return answer
    method, model = next((MODELS[name] for name in MODELS if name in result), MODELS["content"])
    if result.get("resultType") == "input_required":
        model = InputRequiredResult
    try:
        read = model.model_validate(result).model_dump(by_alias=True, mode="json", exclude_none=True)
        return answer.with_final({**final, "result": serialize_server_result(method, MODERN, read)})
    except ValidationError:
        return answer


def as_json(answer: Answer) -> Answer:
    """An answer that is all there is on its stream as if it were no stream: a legacy client gets it either way."""
    said = [message for message in answer.messages if message is not None] if is_stream(answer) else []
    if len(said) != 1:
        return answer
    headers = {name: value for name, value in answer.headers.items() if name not in OF_STREAMS}
    return replace(answer, headers=headers | {"content-type": "application/json"}, messages=said)


def is_stream(answer: Answer) -> bool:
    """Whether it is one, of messages."""
    return answer.headers.get("content-type") == "text/event-stream" and isinstance(answer.messages, list)


def at(answer: Answer, path: tuple[str | int, ...]) -> Any:
    """What stands there in the result."""
    found: Any = answer.final()["result"]
    for step in path:
        if isinstance(found, dict) and step not in found:
            return ABSENT
        found = found[step]
    return found
