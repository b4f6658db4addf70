"""Refusals by HTTP status: a call that its caller has no scope for gets 403 (`basic/authorization`, Scope Challenge).

Stands right before the main door, whose transport may have begun a stream, with status 200, before the call is looked
at. A name that the catalog does not have is left to the main door, as is whatever is no call.
"""

from typing import Any

from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.doors.bodies import again, read_body, request_in
from gateway.doors.reply import Reply
from gateway.doors.requests import KINDS, NAMES
from gateway.doors.routes import LOOK_UP
from gateway.doors.serving import Serving
from gateway.errors import Forbidden, Unauthenticated
from gateway.model.call import Call
from gateway.model.principal import ALL_SCOPES, Principal
from gateway.model.route import Route
from gateway.observe.request_ids import request_id
from gateway.policy.proof import principal_of

MODERN_VERSIONS = frozenset(version.encode() for version in MODERN_PROTOCOL_VERSIONS)


class Refusals:
    """An ASGI app behind FastMCP's authentication.

    Args:
        path: of the MCP endpoint.
        metadata: where clients read how to get a token; None where that is nowhere.
    """

    def __init__(self, app: ASGIApp, *, path: str, serving: Serving, metadata: str | None):
        self._app = app
        self._path = path
        self._serving = serving
        self._metadata = metadata

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        principal = self._limited(scope)
        if principal is None:
            await self._app(scope, receive, send)
            return
        taken: list[Message] = []
        request = request_in(await read_body(receive, taken))
        route = self._route(request)
        refusal = self._refusal(route, principal, scope) if route is not None else None
        if route is None or refusal is None:
            await self._app(scope, again(taken, receive), send)
            return
        await Reply(send, request["id"]).refused(refusal, route, self._metadata)

    def _limited(self, scope: Scope) -> Principal | None:
        """Who posts to the endpoint, where that is somebody who may not do everything."""
        if scope["type"] != "http" or scope["method"] != "POST" or scope["path"] != self._path:
            return None
        user = scope.get("user")
        if not isinstance(user, AuthenticatedUser):
            return None
        try:
            principal = principal_of(user.access_token)
        except Unauthenticated:  # which the main door says
            return None
        return None if principal.scopes >= ALL_SCOPES else principal

    def _route(self, request: dict[str, Any]) -> Route | None:
        kind = KINDS.get(request.get("method", ""))
        params = request.get("params")
        if kind is None or type(params) is not dict or type(request.get("id")) not in (int, str):
            return None
        name = params.get(NAMES[kind])
        return LOOK_UP[kind](self._serving.catalog, name) if type(name) is str else None

    def _refusal(self, route: Route, principal: Principal, scope: Scope) -> Forbidden | None:
        version = dict(scope["headers"]).get(b"mcp-protocol-version")
        era = "modern" if version in MODERN_VERSIONS else "legacy"
        return self._serving.guard.refusal(Call(request_id.get(), route, principal, era))
