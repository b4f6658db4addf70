"""The main door: FastMCP's own path, complete, for whatever no faster door takes.

It stands in FastMCP's middleware, where every tool call, read and prompt passes, whether it came over a transport or
from the code of a tool that is the gateway's own. A call to an upstream is answered right here; one to a service goes
on into FastMCP. What a service's tool calls within its own server is part of that tool's call.
"""

from collections.abc import Awaitable, Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from typing import Any, TypeVar

import mcp_types as types
from fastmcp.exceptions import NotFoundError
from fastmcp.exceptions import ValidationError as ArgumentError
from fastmcp.prompts.base import Prompt, PromptResult
from fastmcp.resources.base import Resource, ResourceResult
from fastmcp.resources.template import ResourceTemplate
from fastmcp.server.context import Context
from fastmcp.server.dependencies import extract_version_spec, get_context
from fastmcp.server.middleware import CallNext, Middleware, MiddlewareContext
from fastmcp.tools.base import Tool, ToolResult
from fastmcp.utilities.components import FastMCPComponent
from mcp.shared.exceptions import MCPError

from gateway.catalog.catalog import Source
from gateway.catalog.eras import legacy_tool_result
from gateway.catalog.freshness import read_hints
from gateway.doors.arguments import argument_error, shown
from gateway.doors.links import with_public_links
from gateway.doors.main.caller import current_principal, era_of, incoming
from gateway.doors.main.components import RelayTool
from gateway.doors.main.decode import RelayedTask, prompt_result, resource_result, tool_result, with_hints
from gateway.doors.midcall import LogLevels
from gateway.doors.routes import Routes, upstream_of
from gateway.doors.serving import Serving
from gateway.errors import GatewayError, UnknownName, UpstreamError
from gateway.model.call import Call
from gateway.model.principal import ALL_SCOPES
from gateway.model.route import Kind, Route
from gateway.observe.redact import REDACTOR
from gateway.observe.request_ids import bound_request_id, request_id
from gateway.upstream.relay import Exchange, exchange
from gateway.upstream.tasks import is_task

T = TypeVar("T")
Component = TypeVar("Component", bound=FastMCPComponent)


@contextmanager
def on_the_wire() -> Generator[None]:
    """Our errors as the SDK's, which keeps their code, message and data.

    What we say of an upstream that failed may hold its last words, and those its credential.
    """
    try:
        yield
    except UpstreamError as error:
        raise MCPError(code=error.code, message=REDACTOR.text(error.message), data=error.data) from error
    except GatewayError as error:
        raise MCPError(code=error.code, message=error.message, data=error.data) from error


class MainDoor(Middleware):
    """Finds the route of each call and takes it through the guard; keeps in `levels` what legacy sessions set."""

    def __init__(self, serving: Serving, sources: Callable[[], Iterable[Source]], levels: LogLevels):
        self._serving = serving
        self._sources = sources
        self._routes = Routes(serving)
        self._levels = levels

    async def on_request(self, context: MiddlewareContext[Any], call_next: CallNext[Any, Any]) -> Any:
        """Give a request that came in without the edge an id, and keep the log level that a legacy session sets."""
        with nullcontext() if request_id.get() else bound_request_id():
            result = await call_next(context)
        if context.method == "logging/setLevel" and isinstance(context.message, dict):
            assert isinstance(context.fastmcp_context, Context)
            self._levels.set(context.fastmcp_context.session_id, str(context.message.get("level")))
        return result

    # calls

    async def on_call_tool(
        self, context: MiddlewareContext[types.CallToolRequestParams], call_next: CallNext[Any, ToolResult]
    ) -> ToolResult:
        async def served(route: Route) -> ToolResult:
            try:
                return with_public_links(route.namespace, await call_next(context))
            except ArgumentError as error:
                raise argument_error(error) from None

        return await self._answer(context, "tool", context.message.name, served)

    async def on_read_resource(
        self, context: MiddlewareContext[types.ReadResourceRequestParams], call_next: CallNext[Any, ResourceResult]
    ) -> ResourceResult:
        async def served(route: Route) -> ResourceResult:
            result, hints = await call_next(context), read_hints(self._sources(), route.namespace)
            return result if hints is None else with_hints(str(context.message.uri), result, hints)

        return await self._answer(context, "resource", str(context.message.uri), served)

    async def on_get_prompt(
        self, context: MiddlewareContext[types.GetPromptRequestParams], call_next: CallNext[Any, PromptResult]
    ) -> PromptResult:
        return await self._answer(context, "prompt", context.message.name, lambda _: call_next(context))

    async def _answer(
        self, context: MiddlewareContext[Any], kind: Kind, name: str, served: Callable[[Route], Awaitable[T]]
    ) -> T:
        """The answer to one call: an upstream's through the relay, any other through `served`."""
        with on_the_wire():
            route = await self._routes.find(_context(context).fastmcp, kind, name)
            if route is None:
                raise self._routes.never_heard(kind, name) or _unknown(kind, name)
            if route.owner == "upstream":
                return await self.run(route, _params(context))
            if kind == "tool" and _names_a_version(context):  # FastMCP may take another than the one that is listed
                route = replace(route, read_only=False, repeatable=False)
            return await self._guarded(route, lambda: _known(lambda: served(route), kind, name))

    async def run(self, route: Route, params: dict[str, Any]) -> Any:
        """Relay one call to the upstream that `route` leads to, through the guard."""
        arrived = incoming(get_context(), self._levels)
        upstream = upstream_of(self._serving, route)
        call = Exchange(arrived.caller, {**params, "_meta": arrived.meta}, arrived.listener)
        decode = DECODERS[route.kind]

        async def relay() -> Any:
            result = await exchange(upstream, route, call)
            if route.kind == "tool" and is_task(result):
                return RelayedTask(result)
            if route.kind == "tool" and arrived.era == "legacy":
                result = legacy_tool_result(result)
            return decode(result)

        return await self._guarded(route, relay)

    async def _guarded(self, route: Route, run: Callable[[], Awaitable[T]]) -> T:
        context = get_context()
        call = Call(request_id.get(), route, current_principal(context), era_of(context))
        return await self._serving.guard.call(call, run, _is_tool_error)

    # lists: a caller sees what it may call

    async def on_list_tools(
        self, context: MiddlewareContext[types.ListToolsRequest], call_next: CallNext[Any, Sequence[Tool]]
    ) -> Sequence[Tool]:
        tools = self._visible(context, await call_next(context), "tool", lambda tool: tool.name)
        if era_of(_context(context)) == "modern":
            return tools
        return [tool.for_legacy() if isinstance(tool, RelayTool) else tool for tool in tools]

    async def on_list_resources(
        self, context: MiddlewareContext[Any], call_next: CallNext[Any, Sequence[Resource]]
    ) -> Sequence[Resource]:
        return self._visible(context, await call_next(context), "resource", lambda resource: str(resource.uri))

    async def on_list_resource_templates(
        self, context: MiddlewareContext[Any], call_next: CallNext[Any, Sequence[ResourceTemplate]]
    ) -> Sequence[ResourceTemplate]:
        return self._visible(context, await call_next(context), "template", lambda template: template.uri_template)

    async def on_list_prompts(
        self, context: MiddlewareContext[Any], call_next: CallNext[Any, Sequence[Prompt]]
    ) -> Sequence[Prompt]:
        return self._visible(context, await call_next(context), "prompt", lambda prompt: prompt.name)

    def _visible(
        self,
        context: MiddlewareContext[Any],
        items: Sequence[Component],
        kind: Kind,
        public: Callable[[Component], str],
    ) -> Sequence[Component]:
        with on_the_wire():
            principal = current_principal(_context(context))
        if principal.scopes >= ALL_SCOPES:
            return items
        guard = self._serving.guard
        return [item for item in items if guard.may_see(principal, self._routes.of(kind, public(item), item))]


DECODERS: Mapping[Kind, Callable[[dict[str, Any]], Any]] = {
    "tool": tool_result,
    "resource": resource_result,
    "template": resource_result,
    "prompt": prompt_result,
}


def _context(context: MiddlewareContext[Any]) -> Context:
    assert isinstance(context.fastmcp_context, Context)
    return context.fastmcp_context


def _names_a_version(context: MiddlewareContext[Any]) -> bool:
    request = _context(context).request_context
    return request is not None and extract_version_spec(request.meta) is not None


def _params(context: MiddlewareContext[Any]) -> dict[str, Any]:
    """What the client sent, as it stands on the wire. Its `arguments` are that already, and `_meta` comes otherwise.

    FastMCP leaves a client's answers to what an upstream asked (`basic/patterns/mrtr`) out of the message for prompts
    and resources; its context has them for all.
    """
    asked = {"input_responses": _context(context).input_responses, "request_state": _context(context).request_state}
    message = context.message.model_copy(update={name: value for name, value in asked.items() if value is not None})
    params = message.model_dump(mode="json", by_alias=True, exclude_none=True, exclude={"arguments", "meta"})
    arguments = getattr(message, "arguments", None)
    return params if arguments is None else {**params, "arguments": arguments}


def _is_tool_error(result: Any) -> bool:
    return isinstance(result, ToolResult) and result.is_error


async def _known(served: Callable[[], Awaitable[T]], kind: Kind, name: str) -> T:
    try:
        return await served()
    except NotFoundError as error:
        raise _unknown(kind, name) from error


def _unknown(kind: Kind, name: str) -> UnknownName:
    """A name that nobody has is a protocol error, and no result (-32602; 2026-07-28 `server/tools`, Error Handling)."""
    return UnknownName(f"Unknown {kind} '{shown(name)}'. List the {kind}s to see what there is.")
