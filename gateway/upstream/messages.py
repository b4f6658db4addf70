"""JSON-RPC messages: bytes in, plain records out, and back (JSON-RPC 2.0; MCP `basic/index`, Messages)."""

from typing import Any, NamedTuple

import orjson

Id = str | int


class Response(NamedTuple):
    """The final answer to a request: a result, or an error object."""

    id: Id | None
    result: dict[str, Any] | None
    error: dict[str, Any] | None


class Request(NamedTuple):
    """Something the other side asks of us."""

    id: Id
    method: str
    params: dict[str, Any]


class Notification(NamedTuple):
    """Something it tells us."""

    method: str
    params: dict[str, Any]


Message = Response | Request | Notification


class Malformed(ValueError):
    """Not the protocol. The text names the fault and quotes nothing."""


def request(id: Id, method: str, params: dict[str, Any]) -> bytes:
    """One request."""
    return orjson.dumps({"jsonrpc": "2.0", "id": id, "method": method, "params": params})


def notification(method: str, params: dict[str, Any] | None = None) -> bytes:
    """One notification."""
    message: dict[str, Any] = {"jsonrpc": "2.0", "method": method}
    return orjson.dumps(message | {"params": params} if params is not None else message)


def result(id: Id, result: dict[str, Any]) -> bytes:
    """A result for what the other side asked."""
    return orjson.dumps({"jsonrpc": "2.0", "id": id, "result": result})


def error(id: Id, code: int, message: str) -> bytes:
    """An error for what the other side asked."""
    return orjson.dumps({"jsonrpc": "2.0", "id": id, "error": {"code": code, "message": message}})


def decode(raw: bytes) -> list[Message]:
    """The message in `raw`, or several: 2025-03-26 lets a server send batches.

    Raises:
        Malformed: it is not JSON, or not JSON-RPC 2.0.
    """
    try:
        decoded = orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise Malformed("not JSON") from None
    return [_message(item) for item in decoded] if isinstance(decoded, list) else [_message(decoded)]


def _message(item: Any) -> Message:
    if not isinstance(item, dict) or item.get("jsonrpc") != "2.0":
        raise Malformed("not a JSON-RPC 2.0 message")
    method, id = item.get("method"), item.get("id")
    if isinstance(method, str):
        params = item.get("params")
        if params is not None and not isinstance(params, dict):
            raise Malformed("a message whose params are not an object")
        if isinstance(id, str | int):
            return Request(id, method, params or {})
        return Notification(method, params or {})
    result, error = item.get("result"), item.get("error")
    if isinstance(result, dict) == isinstance(error, dict):
        raise Malformed("an answer with neither a result nor an error object, or with both")
    if isinstance(error, dict) and not isinstance(error.get("code"), int):
        raise Malformed("an error without a whole number as its code")
    return Response(id, result if isinstance(result, dict) else None, error if isinstance(error, dict) else None)
