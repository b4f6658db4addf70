"""What FastMCP's helpers tell inside a call; that it is the same at both doors is shown in `test_plain.py`."""

from typing import Any

import pytest
from fastmcp import FastMCP
from fastmcp.server.auth import AccessToken
from fastmcp.server.dependencies import get_access_token, get_context, get_http_request, get_server
from mcp.shared.exceptions import NoBackChannelError
from starlette.types import Message

from gateway.doors.express.context import Asked, InContext
from gateway.doors.express.inbound import Inbound
from tests.upstreams.messages import modern_meta

TOKEN = AccessToken(token="secret", client_id="caller", scopes=["own:*"])
SCOPE = {"type": "http", "method": "POST", "path": "/mcp", "query_string": b"", "headers": [(b"x-own", b"1")]}


class Told:
    """What the client was told before its answer."""

    def __init__(self) -> None:
        self.methods: list[str] = []

    async def notify(self, method: str, params: Any) -> None:
        self.methods.append(method)


def asked(told: Told, token: AccessToken | None = None) -> Asked:
    async def receive() -> Message:
        return {"type": "http.request", "body": b"{}"}

    meta = modern_meta(progressToken="token")
    inbound = Inbound(7, "tools/call", {"name": "own_any", "_meta": meta}, meta, {})
    return Asked(inbound, SCOPE, receive, token, told.notify)


async def test_the_helpers_tell_of_the_request_inside_and_of_nothing_outside() -> None:
    server = FastMCP("own")
    with InContext(server, asked(Told(), TOKEN)):
        assert get_server() is server
        assert (get_context().request_id, get_context().transport) == ("7", "streamable-http")
        assert get_http_request().headers["x-own"] == "1"
        assert await get_http_request().body() == b"{}"
        assert get_access_token() == TOKEN
    assert get_access_token() is None
    for helper in (get_server, get_context, get_http_request):
        with pytest.raises(RuntimeError):
            helper()


async def test_without_authentication_there_is_no_token() -> None:
    with InContext(FastMCP("own"), asked(Told())):
        assert get_access_token() is None
        assert "user" not in get_http_request().scope


async def test_the_client_is_told_until_the_call_has_ended() -> None:
    told = Told()
    with InContext(FastMCP("own"), asked(told)):
        context = get_context()
        await context.report_progress(1)
        session = context.session
    await session.send_progress_notification("token", 2, related_request_id="7")
    assert told.methods == ["notifications/progress"]


async def test_the_client_is_never_asked_in_mid_call() -> None:
    with InContext(FastMCP("own"), asked(Told())), pytest.raises(NoBackChannelError):
        await get_context().session.send_ping()
