"""Questions across the eras: their shapes, and how a modern upstream's are put to a legacy client.

A modern upstream ends a request with `input_required`, and the request is sent again with the answers (2026-07-28
`basic/patterns/mrtr`); a legacy client is asked by a request of our own (2025-11-25 `client/elicitation` and beside).
The other way round, a call has to be held: `held.py`.
"""

import secrets
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from mcp_types import InputRequest
from pydantic import TypeAdapter, ValidationError

from gateway.errors import INVALID_PARAMS, METHOD_NOT_FOUND, UpstreamAnswered, UpstreamBroken
from gateway.upstream.listener import Ask, Era, Listener

MAX_ROUNDS = 10
ANSWER_SECONDS = 300.0
"""For one answer: as long as people take for a form or a page, and within the ten minutes that sealed state is good."""
# What both eras can ask for, and the capability it takes.
CAPABILITY: Final = {"elicitation/create": "elicitation", "sampling/createMessage": "sampling", "roots/list": "roots"}
# Members that only legacy questions have: no id goes with an address any more, and no task (2026-07-28 `changelog`).
LEGACY_MEMBERS = frozenset({"elicitationId", "task", "_meta"})
QUESTION: TypeAdapter[Any] = TypeAdapter(InputRequest)

Send = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]


def declared(listener: Listener, upstream: Era | None) -> Mapping[str, Any]:
    """The client's capabilities that an upstream of this era may count on.

    None may count on hearing that roots changed: nobody passes that on, and `roots/list` always asks anew.
    """
    if upstream is None:
        return {}
    if upstream == listener.era:
        return {**listener.capabilities, "roots": {}} if listener.capabilities.get("roots") else listener.capabilities
    return {name: value for name, value in listener.capabilities.items() if name in CAPABILITY.values()}


def may_ask(capabilities: Mapping[str, Any], method: str, params: Mapping[str, Any]) -> bool:
    """Whether a client that declared `capabilities` can be asked this (`client/elicitation`, `client/sampling`)."""
    declared = capabilities.get(CAPABILITY[method]) if method in CAPABILITY else None
    if not isinstance(declared, Mapping):
        return False
    if method == "elicitation/create":
        mode = params.get("mode", "form")
        return mode in declared or (mode == "form" and "url" not in declared)  # {} has always meant forms
    if method == "sampling/createMessage":
        return "tools" in declared or not params.keys() & {"tools", "toolChoice"}
    return True


def modern_question(capabilities: Mapping[str, Any], method: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """A legacy upstream's question as a modern client has it among its `inputRequests`.

    Raises:
        UpstreamAnswered: the client did not declare that it can be asked this, or it is no such question.
    """
    if not may_ask(capabilities, method, params):
        raise UpstreamAnswered(METHOD_NOT_FOUND, "The client did not declare this capability")
    question = {"method": method, "params": {k: v for k, v in params.items() if k not in LEGACY_MEMBERS}}
    try:
        QUESTION.validate_python(question)
    except ValidationError:
        raise UpstreamAnswered(INVALID_PARAMS, "The params of this request are not those of its method") from None
    return question


async def until_complete(
    namespace: str, send: Send, params: dict[str, Any], result: dict[str, Any], ask: Ask
) -> dict[str, Any]:
    """The result of a request with `params`, whose first `result` may want input: after asking the client and sending
    it again, as often as the upstream wants to know something.

    Raises:
        UpstreamBroken: its request for input is none, or has no end.
        UpstreamAnswered: the client's error, where it will not answer.
    """
    for _ in range(MAX_ROUNDS):
        if result.get("resultType") != "input_required":
            return result
        answers = {key: await ask(*_question(namespace, wanted)) for key, wanted in _questions(result).items()}
        again = {**params, "inputResponses": answers}
        if "requestState" in result:
            again["requestState"] = result["requestState"]
        result = await send(again)
    raise UpstreamBroken(namespace, f"asked more than {MAX_ROUNDS} times within one call. Report it to its makers.")


def _questions(result: Mapping[str, Any]) -> Mapping[str, Any]:
    wanted = result.get("inputRequests")
    return wanted if isinstance(wanted, Mapping) else {}


def _question(namespace: str, wanted: Any) -> tuple[str, dict[str, Any]]:
    method, params = (wanted.get("method"), wanted.get("params", {})) if isinstance(wanted, Mapping) else (None, None)
    if not isinstance(method, str) or not isinstance(params, dict):
        raise UpstreamBroken(namespace, "asked for input with something that is no request. Report it to its makers.")
    if params.get("mode") == "url" and "elicitationId" not in params:
        return method, {**params, "elicitationId": secrets.token_urlsafe(16)}  # a legacy client needs one
    return method, params
