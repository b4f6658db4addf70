"""Questions across the eras: what a modern upstream needs to know is asked of a legacy client in mid-call.

A modern upstream ends a request with `input_required`, and the request is sent again with the answers (2026-07-28
`basic/patterns/mrtr`); a legacy client is asked by a request of our own (2025-11-25 `client/elicitation` and beside).
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from gateway.errors import UpstreamBroken
from gateway.upstream.session import Ask, Era, Listener

MAX_ROUNDS = 10
# What both eras can ask for, in the same shapes.
BRIDGED = frozenset({"elicitation", "sampling", "roots"})

Send = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]


def declared(listener: Listener, upstream: Era | None) -> Mapping[str, Any]:
    """The client's capabilities that an upstream of this era may count on."""
    if upstream == listener.era:
        return listener.capabilities
    if upstream == "modern":
        return {name: value for name, value in listener.capabilities.items() if name in BRIDGED}
    return {}


async def until_complete(namespace: str, send: Send, params: dict[str, Any], ask: Ask) -> dict[str, Any]:
    """The result of `send(params)`, after asking the client as often as the upstream wants to know something.

    Raises:
        UpstreamBroken: its request for input is none, or has no end.
        UpstreamAnswered: the client's error, where it will not answer.
    """
    result = await send(params)
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
    return method, params
