"""The express door: calls to upstreams over HTTP and of plain tools of services, answered without FastMCP in between.

It takes what it can prove it answers exactly as the main door would, and hands everything else on, untouched. Nothing
is handed on once the call has begun.
"""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, Final

from mcp.shared.exceptions import MCPError
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.doors.access import logged
from gateway.doors.bodies import again, read_body
from gateway.doors.credentials import Credentials
from gateway.doors.express.context import Asked
from gateway.doors.express.discovered import DISCOVER, ReadyDiscovery
from gateway.doors.express.inbound import Inbound, modern_request
from gateway.doors.express.plain import PlainTool, PlainTools
from gateway.doors.headers import Headers, headers_of
from gateway.doors.midcall import notification
from gateway.doors.presence import ClientLeft, Presence
from gateway.doors.ready import LISTED, ReadyLists
from gateway.doors.reply import Reply, is_tool_error
from gateway.doors.requests import ACCEPTED, KINDS, NAMES, is_call
from gateway.doors.routes import Lead, lead_over_http
from gateway.doors.serving import Serving
from gateway.doors.state import RequestStates, Round
from gateway.errors import Forbidden, GatewayError, InvalidRequest, UpstreamError
from gateway.model.call import Call
from gateway.model.principal import Principal
from gateway.model.route import Route
from gateway.observe.redact import REDACTOR
from gateway.observe.request_ids import request_id
from gateway.upstream.listener import SILENT, Listener
from gateway.upstream.relay import Exchange, exchange
from gateway.upstream.session import META_SERVER, MODERN
from gateway.upstream.sharing import Caller

MODERN_VERSION: Final = MODERN.encode()

# What is answered without a call.
READY: Final = frozenset({*LISTED, DISCOVER})

Run = Callable[[], Awaitable[dict[str, Any]]]


class Express:
    """An ASGI app before FastMCP's own.

    Args:
        path: of the MCP endpoint.
        credentials: tell who calls.
        tools: finds those of services that need no more of FastMCP.
        lists: answers them from the catalog.
        discovery: says what the gateway can do.
        states: seals the state that an upstream wants back from the client.
        server_info: what the gateway calls itself in results.
        metadata: where clients read how to get a token; None where that is nowhere.
        access_log: write a line for each request that no line of a call tells of.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        path: str,
        serving: Serving,
        credentials: Credentials,
        tools: PlainTools,
        lists: ReadyLists,
        discovery: ReadyDiscovery,
        states: RequestStates,
        server_info: Mapping[str, Any],
        metadata: str | None,
        access_log: bool,
    ):
        self._app = app
        self._path = path
        self._serving = serving
        self._credentials = credentials
        self._tools = tools
        self._lists = lists
        self._discovery = discovery
        self._states = states
        self._server_info = dict(server_info)
        self._metadata = metadata
        self._access_log = access_log
        self._presence = Presence()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = self._headers(scope)
        if headers is None:
            await self._app(scope, receive, send)
            return
        principal = self._credentials.recent(headers) or await self._credentials.principal(headers)
        if principal is None:
            await self._app(scope, receive, send)
            return
        taken: list[Message] = []
        body = await read_body(receive, taken)
        request = modern_request(headers, body) if body is not None else None
        if request is None:
            await self._app(scope, again(taken, receive), send)
            return
        if request.method in READY and await self._told(request, principal, scope, send):
            return
        reply = Reply(send, request.id)
        if (lead := self._lead(request)) is not None:
            run = partial(self._relay, request, lead, principal, reply)
            await self._answer(lead[0], principal, run, receive, reply)
        elif (tool := self._tools.find(request)) is not None:
            token = self._credentials.token(headers)
            asked = Asked(request, scope, again(taken, receive), token, reply.notify)
            await self._answer(tool.route, principal, partial(self._call, tool, principal, asked), receive, reply)
        else:
            await self._app(scope, again(taken, receive), send)

    def _headers(self, scope: Scope) -> Headers | None:
        """The headers of a request that may be for this door; None for any other."""
        if scope["type"] != "http" or scope["method"] != "POST" or scope["path"] != self._path:
            return None
        headers = headers_of(scope)
        if headers is None or headers.get(b"mcp-protocol-version") != MODERN_VERSION:
            return None
        if headers.get(b"accept") not in ACCEPTED or headers.get(b"content-type") != b"application/json":
            return None
        return headers

    async def _told(self, request: Inbound, principal: Principal, scope: Scope, send: Send) -> bool:
        """Whether the catalog could answer; where a list's cursor is wrong, that is its answer."""
        reply = Reply(logged(scope, send) if self._access_log else send, request.id)
        try:
            if request.method == DISCOVER:
                result = self._discovery.answer(request.params, principal)
            else:
                result = self._lists.answer(request.method, request.params, principal, "modern")
        except InvalidRequest as error:
            await reply.error(error.code, error.message, error.data)
            return True
        if result is not None:
            await reply.encoded(result)
        return result is not None

    def _lead(self, request: Inbound) -> Lead | None:
        """Where the request leads, if that is an upstream over HTTP and nothing about it is out of the ordinary."""
        kind = KINDS.get(request.method)
        if kind is None or not is_call(kind, request.params):
            return None
        lead = lead_over_http(self._serving, kind, request.params[NAMES[kind]])
        return lead if lead is not None and lead[0].original not in lead[1].header_maps else None

    async def _answer(self, route: Route, principal: Principal, run: Run, receive: Receive, reply: Reply) -> None:
        call = Call(request_id.get(), route, principal, "modern")
        work = self._serving.guard.call(call, run, is_tool_error)
        try:
            result = await self._presence.during(receive, reply.ping, work)
        except ClientLeft:
            return
        except UpstreamError as error:
            await reply.error(error.code, REDACTOR.text(error.message), error.data)
        except Forbidden as error:
            await reply.refused(error, route, self._metadata)
        except GatewayError as error:
            await reply.error(error.code, error.message, error.data)
        except MCPError as error:
            await reply.error(error.code, error.message, error.data)
        else:
            await reply.result(result)

    async def _relay(self, request: Inbound, lead: Lead, principal: Principal, reply: Reply) -> dict[str, Any]:
        route, upstream = lead
        params = {NAMES[route.kind]: route.public, "_meta": request.meta}
        if route.kind != "resource":
            params["arguments"] = request.params.get("arguments") or {}
        call = Exchange(Caller(principal.subject), params, _listener(request, reply))
        result = await exchange(upstream, route, call)
        if result.get("resultType") == "input_required":
            result = await self._sealed(request, principal, result)
        meta = {**(result.get("_meta") or {}), META_SERVER: self._server_info}
        return {"resultType": "complete", **result, "_meta": meta}

    async def _call(self, tool: PlainTool, principal: Principal, asked: Asked) -> dict[str, Any]:
        result = await tool.run(asked)
        if result.get("resultType") == "input_required":
            result = await self._sealed(asked.inbound, principal, result)
        meta = result.get("_meta") or {}
        return {**result, "_meta": {**meta, META_SERVER: meta.get(META_SERVER) or self._server_info}}

    async def _sealed(self, request: Inbound, principal: Principal, result: dict[str, Any]) -> dict[str, Any]:
        return await self._states.sealed(Round(principal, request.method, request.params), result)


def _listener(request: Inbound, reply: Reply) -> Listener:
    """What the client wants to hear before the answer; most want nothing."""
    token, log_level = request.progress_token, request.log_level
    if token is None and log_level is None:
        return Listener(capabilities=request.capabilities) if request.capabilities else SILENT

    async def notify(method: str, params: dict[str, Any]) -> None:
        told = notification(method, params, token)
        if told is not None:
            await reply.notify(method, told.params.model_dump(by_alias=True, mode="json", exclude_none=True))

    return Listener(notify, capabilities=request.capabilities, log_level=log_level, progress=token is not None)
