"""What is refused for its protocol version before the endpoint; `tests/contract/test_headers.py` has the requests."""

from typing import Any

import orjson
import pytest
from starlette.authentication import UnauthenticatedUser
from starlette.types import Receive, Scope, Send

from gateway.doors.versions import Versions
from tests.upstreams.messages import initialize, legacy_request, modern_call

MODERN_BODY = modern_call("raw_echo", text="hello")[0]
VERSION = b"mcp-protocol-version"
LEGACY = (VERSION, b"2025-11-25")


async def passed(body: Any, *headers: tuple[bytes, bytes], user: Any = None, **scope: Any) -> bytes | None:
    """The body that the endpoint gets; None where it gets nothing."""
    got: list[bytes] = []

    async def app(_: Scope, receive: Receive, __: Send) -> None:
        got.append((await receive())["body"])

    async def receive() -> Any:
        return {"type": "http.request", "body": body if isinstance(body, bytes) else orjson.dumps(body)}

    async def send(_: Any) -> None: ...

    whole = {"type": "http", "method": "POST", "path": "/mcp", "headers": headers, **scope}
    if user is not None:
        whole["user"] = user
    await Versions(app, path="/mcp")(whole, receive, send)
    return got[0] if got else None


@pytest.mark.parametrize("headers", [(), (LEGACY,), ((VERSION, b"2024-11-05"),)], ids=["none", "newest", "oldest"])
async def test_a_modern_body_without_a_modern_header_goes_no_further(headers: Any) -> None:
    assert await passed(MODERN_BODY, *headers) is None


@pytest.mark.parametrize(
    "body",
    [
        initialize(),
        legacy_request("tools/list"),
        {**MODERN_BODY, "id": None},
        {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": [5]},
        {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {"_meta": 5}},
        [MODERN_BODY],
        b"no JSON",
    ],
    ids=["initialize", "legacy", "no id", "odd params", "odd meta", "a batch", "no JSON"],
)
async def test_any_other_body_goes_on_as_it_is(body: Any) -> None:
    assert await passed(body, LEGACY) == (body if isinstance(body, bytes) else orjson.dumps(body))


async def test_what_is_not_looked_at_goes_on() -> None:
    whole = orjson.dumps(MODERN_BODY)
    assert await passed(MODERN_BODY, (VERSION, b"2026-07-28")) == whole
    assert await passed(MODERN_BODY, LEGACY, (b"mcp-session-id", b"s1")) == whole
    assert await passed(MODERN_BODY, LEGACY, path="/other") == whole
    assert await passed(MODERN_BODY, LEGACY, method="DELETE") == whole


async def test_who_is_not_known_is_told_that_first() -> None:
    assert await passed(MODERN_BODY, LEGACY, user=UnauthenticatedUser()) is not None
