"""What `mcp` 1.x says to a modern request on each transport: the ground on which an upstream's era is told.

None of these answers is a modern one, as basic/transports and basic/versioning of 2026-07-28 have it.
"""

import asyncio
import json
import os
from typing import Any

import httpx
import pytest

from tests.upstreams.kit import Command, Running
from tests.upstreams.messages import events_of, initialize, modern_request

BODY, HEADERS = modern_request("server/discover")

NOT_INITIALIZED = {"code": -32602, "message": "Invalid request parameters", "data": ""}
NO_SESSION = {"code": -32600, "message": "Bad Request: Missing session ID"}
OTHER_VERSION = {
    "code": -32600,
    "message": "Bad Request: Unsupported protocol version: 2026-07-28."
    " Supported versions: 2024-11-05, 2025-03-26, 2025-06-18, 2025-11-25",
}


@pytest.mark.parametrize(
    ("upstream", "error"), [("legacy_upstream", NO_SESSION), ("legacy_stateless_upstream", OTHER_VERSION)]
)
async def test_streamable_http_answers_400(
    upstream: str, error: dict[str, Any], request: pytest.FixtureRequest
) -> None:
    running: Running = request.getfixturevalue(upstream)
    async with httpx.AsyncClient() as client:
        answer = await client.post(running.url, json=BODY, headers=HEADERS)
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/json")
    assert answer.json() == {"jsonrpc": "2.0", "id": "server-error", "error": error}


async def test_the_session_id_that_comes_with_the_refusal_is_good_for_nothing(legacy_upstream: Running) -> None:
    async with httpx.AsyncClient(headers=HEADERS) as client:
        answer = await client.post(legacy_upstream.url, json=BODY)
        session = {"mcp-session-id": answer.headers["mcp-session-id"], "mcp-protocol-version": "2025-11-25"}
        assert (await client.post(legacy_upstream.url, json=initialize(), headers=session)).status_code == 404


async def test_sse_takes_no_post_where_its_stream_is(legacy_sse_upstream: Running) -> None:
    async with httpx.AsyncClient() as client:
        answer = await client.post(legacy_sse_upstream.url, json=BODY, headers=HEADERS)
    assert (answer.status_code, answer.text) == (405, "Method Not Allowed")


async def test_sse_answers_on_its_stream_what_was_posted_before_initialize(legacy_sse_upstream: Running) -> None:
    async with httpx.AsyncClient() as client, client.stream("GET", legacy_sse_upstream.url) as stream:
        events = events_of(stream)
        address = httpx.URL(legacy_sse_upstream.url).join((await anext(events))["data"])
        answer = await client.post(address, json=BODY, headers=HEADERS)
        assert (answer.status_code, answer.text) == (202, "Accepted")
        assert json.loads((await anext(events))["data"]) == {"jsonrpc": "2.0", "id": 1, "error": NOT_INITIALIZED}


async def test_stdio_answers_an_error_and_can_still_be_initialized(legacy_command: Command) -> None:
    process = await asyncio.create_subprocess_exec(
        legacy_command.command,
        *legacy_command.args,
        env={**os.environ, **legacy_command.env},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    asked = "".join(json.dumps(message) + "\n" for message in (BODY, initialize("after")))
    said, _ = await asyncio.wait_for(process.communicate(asked.encode()), 20)
    refused, agreed = (json.loads(line) for line in said.splitlines())
    assert refused == {"jsonrpc": "2.0", "id": 1, "error": NOT_INITIALIZED}
    assert agreed["result"]["protocolVersion"] == "2025-11-25"
