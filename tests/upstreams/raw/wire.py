"""JSON-RPC messages, MCP versions and error codes, and server-sent events."""

import json
from typing import Any

MODERN = "2026-07-28"
LEGACY = ("2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05")

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
LEGACY_RESOURCE_NOT_FOUND = -32002
HEADER_MISMATCH = -32020
MISSING_CAPABILITY = -32021
UNSUPPORTED_VERSION = -32022

STATUS = {
    PARSE_ERROR: 400,
    INVALID_REQUEST: 400,
    INVALID_PARAMS: 400,
    HEADER_MISMATCH: 400,
    MISSING_CAPABILITY: 400,
    UNSUPPORTED_VERSION: 400,
    METHOD_NOT_FOUND: 404,
}
"""HTTP status of a modern error answered as JSON; 200 for all others (basic/transports/streamable-http)."""

Json = dict[str, Any]


class RpcError(Exception):
    """Becomes a JSON-RPC error with just this code, message and data."""

    def __init__(self, code: int, message: str, data: Any = None):
        super().__init__(message)
        self.code = code
        self.message = message
        self.data = data

    def answer(self, request_id: Any) -> Json:
        error: Json = {"code": self.code, "message": self.message}
        if self.data is not None:
            error["data"] = self.data
        return {"jsonrpc": "2.0", "id": request_id, "error": error}


class TaskMade(Exception):
    """A modern call that became a task (SEP-2663); `state` is how it begins."""

    def __init__(self, state: Json):
        super().__init__("a task")
        self.state = state


class InputRequired(Exception):
    """A modern call that needs input first (basic/patterns/mrtr)."""

    def __init__(self, requests: Json, state: str):
        super().__init__("input required")
        self.requests = requests
        self.state = state


def answer(request_id: Any, result: Json) -> Json:
    return {"jsonrpc": "2.0", "id": request_id, "result": result}


def notification(method: str, params: Json | None = None) -> Json:
    message: Json = {"jsonrpc": "2.0", "method": method}
    return message if params is None else {**message, "params": params}


def encoded(message: Any) -> bytes:
    return json.dumps(message, separators=(",", ":"), ensure_ascii=False).encode()


def event(message: Json, event_id: str = "", kind: str = "message") -> bytes:
    """One server-sent event."""
    head = f"event: {kind}\r\n" + (f"id: {event_id}\r\n" if event_id else "")
    return head.encode() + b"data: " + encoded(message) + b"\r\n\r\n"


def params_of(message: Json) -> Json:
    params = message.get("params")
    return params if isinstance(params, dict) else {}


def meta_of(message: Json) -> Json:
    meta = params_of(message).get("_meta")
    return meta if isinstance(meta, dict) else {}
