"""A modern request carries all that it needs, and the gateway keeps nothing between two of them."""

from typing import Any

import pytest

from tests.contract.requirements import requirement
from tests.contract.wire import wire
from tests.gateways.kit import Served
from tests.upstreams.messages import modern_request

VERSION = "io.modelcontextprotocol/protocolVersion"
CAPABILITIES = "io.modelcontextprotocol/clientCapabilities"
# At the main door, and at the express door.
REQUESTS: list[tuple[str, dict[str, Any]]] = [
    ("server/discover", {}),
    ("tools/list", {}),
    ("tools/call", {"name": "own_shout", "arguments": {"text": "hello"}}),
    ("tools/call", {"name": "modern_echo", "arguments": {"text": "hello"}}),
]


@requirement("stateless.envelope")
@pytest.mark.parametrize("missing", [VERSION, CAPABILITIES])
@pytest.mark.parametrize(("method", "params"), REQUESTS)
async def test_a_request_without_its_envelope_is_refused(gateway: Served, method, params, missing) -> None:
    body, headers = modern_request(method, **params)
    del body["params"]["_meta"][missing]
    async with wire(gateway.url, "modern") as client:
        answer = await client.post(body, headers)
    assert (answer.status, answer.error["code"]) == (400, -32602)
    assert missing in answer.error["message"]


@requirement("stateless.envelope")
@pytest.mark.parametrize(("method", "params"), REQUESTS)
async def test_a_version_that_nobody_speaks_is_refused_with_those_that_we_do(gateway: Served, method, params) -> None:
    body, headers = modern_request(method, **params)
    body["params"]["_meta"][VERSION] = headers["mcp-protocol-version"] = "2031-01-01"
    async with wire(gateway.url, "modern") as client:
        answer = await client.post(body, headers)
    assert (answer.status, answer.error["code"]) == (400, -32022)
    assert "2026-07-28" in answer.error["data"]["supported"]


@requirement("stateless.method")
async def test_a_method_that_nobody_has_is_not_found(gateway: Served) -> None:
    async with wire(gateway.url, "modern") as client:
        answer = await client.ask("nothing/here")
    assert (answer.status, answer.error["code"]) == (404, -32601)


@requirement("stateless.no-session")
@pytest.mark.parametrize(("method", "params"), REQUESTS)
async def test_no_session_is_given_and_none_is_needed(gateway: Served, method, params) -> None:
    """Each request comes on a connection of its own, and with a session id that we never gave."""
    body, headers = modern_request(method, **params)
    for more in ({}, {"mcp-session-id": "of-nobody"}):
        async with wire(gateway.url, "modern") as client:
            answer = await client.post(body, {**headers, **more})
        assert (answer.status, answer.result["resultType"]) == (200, "complete")
        assert "mcp-session-id" not in answer.headers
