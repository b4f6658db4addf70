"""JSON-RPC messages: bytes in, plain records out, and back (JSON-RPC 2.0; MCP `basic/index`, Messages)."""

from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import orjson

from gateway.errors import InvalidRequest

Id = str | int
# Fewer arrays and objects than this are not nested too deep.
DEEP: Final = 200


@dataclass(init=False, slots=True)
class Response:
    """The final answer to a request: a result, or an error object."""

    id: Final[Id | None]
    result: Final[dict[str, Any] | None]
    error: Final[dict[str, Any] | None]

    def __init__(self, id: Id | None, result: dict[str, Any] | None, error: dict[str, Any] | None):
        self.id = id
        self.result = result
        self.error = error


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
    """One request. Raises InvalidRequest for `params` that cannot go on as they are."""
    return encoded({"jsonrpc": "2.0", "id": id, "method": method, "params": params})


def notification(method: str, params: dict[str, Any] | None = None) -> bytes:
    """One notification."""
    message: dict[str, Any] = {"jsonrpc": "2.0", "method": method}
    return encoded(message | {"params": params} if params is not None else message)


def result(id: Id, result: dict[str, Any]) -> bytes:
    """A result for what the other side asked. Raises InvalidRequest for one that cannot go on as it is."""
    return encoded({"jsonrpc": "2.0", "id": id, "result": result})


def error(id: Id, code: int, message: str, data: Any = None) -> bytes:
    """An error for what the other side asked."""
    error: dict[str, Any] = {"code": code, "message": message}
    return encoded({"jsonrpc": "2.0", "id": id, "error": error if data is None else error | {"data": data}})


def encoded(value: Any, option: int = 0) -> bytes:
    """JSON. Raises InvalidRequest for what came from a client and cannot go on as it is."""
    try:
        return orjson.dumps(value, option=option)
    except orjson.JSONEncodeError:
        raise InvalidRequest(
            "The request holds a whole number beyond 64 bits, text that is not Unicode, or more than 250 levels: "
            "send such a number as text."
        ) from None


def decode(raw: bytes) -> list[Message]:
    """The message in `raw`, or several: 2025-03-26 lets a server send batches.

    Raises:
        Malformed: it is not JSON, or not JSON-RPC 2.0, or nested deeper than it could be passed on.
    """
    try:
        decoded = orjson.loads(raw)
        if len(raw) > 2 * DEEP and raw.count(b"{") + raw.count(b"[") > DEEP:
            orjson.dumps(decoded)
    except orjson.JSONDecodeError:
        raise Malformed("something that is not JSON") from None
    except orjson.JSONEncodeError:  # orjson reads a thousand levels, and writes a quarter of that
        raise Malformed("JSON with more than 250 levels") from None
    return [_message(item) for item in decoded] if isinstance(decoded, list) else [_message(decoded)]


def _message(item: Any) -> Message:
    if not isinstance(item, dict) or item.get("jsonrpc") != "2.0":
        raise Malformed("something that is not a JSON-RPC 2.0 message")
    method = item.get("method")
    return _response(item) if not isinstance(method, str) else _call(method, item)


def _call(method: str, item: dict[str, Any]) -> Request | Notification:
    id, params = item.get("id"), item.get("params")
    if params is not None and not isinstance(params, dict):
        raise Malformed("a message whose params are not an object")
    if isinstance(id, str | int) and not isinstance(id, bool):
        return Request(id, method, params or {})
    return Notification(method, params or {})


def _response(item: dict[str, Any]) -> Response:
    id, result, error = item.get("id"), item.get("result"), item.get("error")
    if type(result) is dict and error is None and type(id) in (int, str):
        return Response(id, result, None)  # as nearly all are
    if isinstance(result, dict) == isinstance(error, dict):
        raise Malformed("an answer with neither a result nor an error object, or with both")
    code = error.get("code") if isinstance(error, dict) else 0
    if not isinstance(code, int) or isinstance(code, bool):
        raise Malformed("an error without a whole number as its code")
    if not isinstance(id, str | int | None) or isinstance(id, bool):
        raise Malformed("an answer whose id is neither a string nor a whole number")
    return Response(id, result if isinstance(result, dict) else None, error if isinstance(error, dict) else None)
