"""Requests as a client without an SDK writes them, and answers as it reads them."""

import json
from collections.abc import AsyncGenerator
from typing import Any

import httpx

MODERN = "2026-07-28"
LEGACY = "2025-11-25"
ACCEPT = {"accept": "application/json, text/event-stream"}

_NAMED_BY = {
    "tools/call": "name",
    "prompts/get": "name",
    "resources/read": "uri",
    "tasks/get": "taskId",
    "tasks/update": "taskId",
    "tasks/cancel": "taskId",
}


def modern_meta(**more: Any) -> dict[str, Any]:
    """The `_meta` of a modern request whose client declares nothing; `more` are further keys."""
    return {
        "io.modelcontextprotocol/protocolVersion": MODERN,
        "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
        "io.modelcontextprotocol/clientCapabilities": {},
        **more,
    }


def modern_request(method: str, request_id: Any = 1, **params: Any) -> tuple[dict[str, Any], dict[str, str]]:
    """A correct modern request: its body, and the headers that go with it over HTTP."""
    body = {"jsonrpc": "2.0", "id": request_id, "method": method, "params": {"_meta": modern_meta(), **params}}
    headers = {**ACCEPT, "mcp-protocol-version": MODERN, "mcp-method": method}
    if method in _NAMED_BY:
        headers["mcp-name"] = str(params[_NAMED_BY[method]])
    return body, headers


def modern_call(tool: str, request_id: Any = 1, **arguments: Any) -> tuple[dict[str, Any], dict[str, str]]:
    return modern_request("tools/call", request_id, name=tool, arguments=arguments)


def legacy_request(method: str, request_id: Any = 1, **params: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": request_id, "method": method, "params": params}


def legacy_call(tool: str, request_id: Any = 1, **arguments: Any) -> dict[str, Any]:
    return legacy_request("tools/call", request_id, name=tool, arguments=arguments)


def initialize(request_id: Any = 0, **capabilities: Any) -> dict[str, Any]:
    about = {"name": "test", "version": "1"}
    return legacy_request("initialize", request_id, protocolVersion=LEGACY, capabilities=capabilities, clientInfo=about)


def messages_in(content_type: str, text: str) -> list[dict[str, Any]]:
    """Every JSON-RPC message of an answer, be it JSON or an event stream; an event without data has none."""
    if not content_type.startswith("text/event-stream"):
        return [json.loads(text)]
    return [json.loads(line[5:]) for line in text.splitlines() if line.startswith("data:") and line[5:].strip()]


async def events_of(answer: httpx.Response) -> AsyncGenerator[dict[str, str]]:
    """Each server-sent event of an open stream as it comes: `event`, `id` and `data`, as far as it has them."""
    event: dict[str, str] = {}
    async for line in answer.aiter_lines():
        name, _, value = line.partition(":")
        if name in ("event", "id", "data"):
            event[name] = value.strip()
        elif not line and event:
            yield event
            event = {}


async def messages_of(answer: httpx.Response) -> AsyncGenerator[dict[str, Any]]:
    """Each JSON-RPC message of an open stream as it comes."""
    async for event in events_of(answer):
        if event.get("data"):
            yield json.loads(event["data"])
