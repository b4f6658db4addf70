"""What every HTTP request passes first: a request id, the brake on guessing, loopback, host and origin."""

import math
import re
from collections.abc import Sequence
from functools import partial
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import urlsplit

from fastmcp.server.http import HostOriginGuardMiddleware
from mcp_types import HEADER_MISMATCH
from starlette.datastructures import Headers
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.config.model import ServerConfig
from gateway.doors.headers import headers_of
from gateway.observe.logs import get_logger
from gateway.observe.request_ids import new_request_id, request_id
from gateway.policy.throttle import FailureThrottle

log = get_logger(__name__)

# Probes come from load balancers, which name the host as they like, and learn nothing secret.
HEALTH_PATHS: Final = frozenset({"/healthz", "/readyz"})
# A host, and a host with a scheme before it (RFC 9110, section 7.2; RFC 6454, section 7). The check behind looks at a
# part of what it gets: `[::1].evil.example` would pass there.
HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:\d{1,5})?")
ORIGIN = re.compile(rf"[A-Za-z][A-Za-z0-9+.-]*://{HOST.pattern}")
# The SDK goes by the first one, and would let a request that somebody else takes for a modern one pass as a legacy one
# (2026-07-28 `basic/transports/streamable-http`, Server Validation).
TWO_VERSIONS = {
    "jsonrpc": "2.0",
    "id": None,
    "error": {"code": HEADER_MISMATCH, "message": "The mcp-protocol-version header appears more than once. Send one."},
}
MOST_PLACES = 1000
NO_AUTHENTICATION = (
    "This gateway has no authentication configured and serves loopback only. Make a key with `gateway keys create`."
)


class Edge:
    """The outermost layer of the HTTP app.

    Args:
        throttle: knows from where too many credentials have failed; `CountsRefusals` tells it.
        hosts: host names to accept beside loopback's and the address that the request came in on.
        origins: browser origins to accept beside the gateway's own.
        loopback_only: refuse requests that did not arrive on a loopback address: there is no authentication.
    """

    def __init__(
        self,
        app: ASGIApp,
        throttle: FailureThrottle,
        *,
        hosts: Sequence[str],
        origins: Sequence[str],
        loopback_only: bool,
    ):
        self._app = app
        self._checked = HostOriginGuardMiddleware(self._pass, list(hosts), list(origins), mode="strict")
        self._passed: set[tuple[Any, ...] | None] = set()
        self._loopback_only = loopback_only
        self._throttle = throttle

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        token = request_id.set(new_request_id())
        try:
            if scope["path"] in HEALTH_PATHS:
                await self._app(scope, receive, send)
            elif _place(scope) not in self._passed:
                await self._look(scope, receive, send)
            elif self._throttle:
                await self._unless_braked(self._app, scope, receive, send)
            else:
                await self._app(scope, receive, send)
        finally:
            request_id.reset(token)

    async def _look(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check a place that has not passed before."""
        if self._loopback_only and not _arrived_on_loopback(scope):
            await JSONResponse({"error": NO_AUTHENTICATION}, 403)(scope, receive, send)
        elif not _is_one(HOST, Headers(scope=scope).getlist("host")):
            await Response("Misdirected Request", 421)(scope, receive, send)
        elif (origins := Headers(scope=scope).getlist("origin")) and not _is_one(ORIGIN, origins):
            await Response("Forbidden Origin", 403)(scope, receive, send)
        elif len(Headers(scope=scope).getlist("mcp-protocol-version")) > 1:
            await JSONResponse(TWO_VERSIONS, 400)(scope, receive, send)
        else:
            await self._unless_braked(self._checked, scope, receive, send)

    async def _pass(self, scope: Scope, receive: Receive, send: Send) -> None:
        """What comes from a place that passed all checks will pass them again: they look at nothing else."""
        if (place := _place(scope)) is not None:
            if len(self._passed) >= MOST_PLACES:
                self._passed.clear()
            self._passed.add(place)
        await self._app(scope, receive, send)

    async def _unless_braked(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        """Go on to `app`; one from where too many credentials have failed has to wait."""
        wait = self._throttle.retry_after(_address(scope)) if _has_credential(scope) else 0.0
        if wait:
            headers = {"Retry-After": str(math.ceil(wait))}
            why = "Too many failed credentials from this address. Wait, then use a valid key."
            await JSONResponse({"error": why}, 429, headers)(scope, receive, send)
            return
        await app(scope, receive, send)


class CountsRefusals:
    """What refuses credentials, with its refusals counted by address.

    It stands behind the express doors, which refuse none and pay nothing for it.
    """

    def __init__(self, app: ASGIApp, throttle: FailureThrottle):
        self._app = app
        self._throttle = throttle

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, counting(self._throttle, scope, send))


def counting(throttle: FailureThrottle, scope: Scope, send: Send) -> Send:
    """`send`, by which `throttle` hears that the credential of a request is refused."""
    if scope["type"] != "http" or scope["path"] in HEALTH_PATHS or not _has_credential(scope):
        return send
    return partial(_counted, throttle, _address(scope), send)


async def _counted(throttle: FailureThrottle, address: str, send: Send, message: Message) -> None:
    if message["type"] == "http.response.start" and message["status"] == 401:
        throttle.failed(address)
    await send(message)


def edge_of(server: ServerConfig, app: ASGIApp, throttle: FailureThrottle, *, has_credentials: bool) -> Edge:
    """The edge before `app` that a configuration asks for."""
    public = urlsplit(server.public_url or "").hostname
    return Edge(
        app,
        throttle,
        hosts=[*server.allowed_hosts, *([public] if public else [])],
        origins=server.allowed_origins,
        loopback_only=not has_credentials and not server.insecure_allow_unauthenticated,
    )


def _place(scope: Scope) -> tuple[Any, ...] | None:
    """All that the checks look at: the socket that a request came in on, and some of its headers.

    None where any header is there twice: which of them counts is for the checks to say.
    """
    headers = headers_of(scope)
    if headers is None:
        return None
    server = tuple(scope.get("server") or ())
    return (
        scope.get("scheme"),
        server,
        headers.get(b"host"),
        headers.get(b"origin"),
        headers.get(b"mcp-protocol-version"),
    )


def _address(scope: Scope) -> str:
    client = scope.get("client")
    return client[0] if client else "unknown"


def _has_credential(scope: Scope) -> bool:
    return any(name == b"authorization" for name, _ in scope["headers"])


def _is_one(shape: re.Pattern[str], values: Sequence[str]) -> bool:
    return len(values) == 1 and shape.fullmatch(values[0]) is not None


def _arrived_on_loopback(scope: Scope) -> bool:
    """Whether the request's own socket is a loopback one. No header can say so, and none is asked."""
    server = scope.get("server")
    if server is None:
        return False
    if server[1] is None:  # a Unix socket: reached through the file system's permissions
        return True
    try:
        return ip_address(server[0]).is_loopback
    except ValueError:
        return server[0] == "localhost"
