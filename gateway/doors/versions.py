"""A request of the modern era says so in its headers too, or it is refused: 400, -32020 (2026-07-28
`basic/transports/streamable-http`, Server Validation).

The SDK goes by the header alone, and would miss a session in such a request.
"""

from collections.abc import Mapping
from typing import Any

from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp_types import HEADER_MISMATCH
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.doors.bodies import again, read_body, request_in
from gateway.doors.headers import headers_of
from gateway.doors.reply import Reply
from gateway.upstream.session import META_PROTOCOL

LEGACY_HEADERS = frozenset({None, *(version.encode() for version in HANDSHAKE_PROTOCOL_VERSIONS)})
MISMATCH = "The MCP-Protocol-Version header does not say what params._meta says. Send both the same."


class Versions:
    """An ASGI app behind FastMCP's authentication, before the endpoint at `path`."""

    def __init__(self, app: ASGIApp, *, path: str):
        self._app = app
        self._path = path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self._may_disagree(scope):
            await self._app(scope, receive, send)
            return
        taken: list[Message] = []
        request = request_in(await read_body(receive, taken))
        if _is_modern(request):
            await Reply(send, request["id"]).error(HEADER_MISMATCH, MISMATCH, None)
        else:
            await self._app(scope, again(taken, receive), send)

    def _may_disagree(self, scope: Scope) -> bool:
        """Whether it comes without a session as a legacy request, which only a handshake may."""
        if scope["type"] != "http" or scope["method"] != "POST" or scope["path"] != self._path:
            return False
        if not isinstance(scope.get("user", None), AuthenticatedUser | None):
            return False  # which is what is wrong in the first place
        headers = headers_of(scope) or dict(scope["headers"])
        return b"mcp-session-id" not in headers and headers.get(b"mcp-protocol-version") in LEGACY_HEADERS


def _is_modern(request: Mapping[str, Any]) -> bool:
    params = request.get("params")
    meta = params.get("_meta") if isinstance(params, dict) else None
    return isinstance(meta, dict) and META_PROTOCOL in meta and type(request.get("id")) in (int, str)
