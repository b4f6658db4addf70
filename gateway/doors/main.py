"""The main door: FastMCP's own path, complete, for whatever no faster door takes.

It stands in FastMCP's middleware, where every tool call, read and prompt passes, whether it came over a transport or
from another tool's code. A call to an upstream is answered right here; one to a service goes on into FastMCP.
"""

from collections.abc import Awaitable, Callable, Generator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import mcp_types as types
from fastmcp.exceptions import NotFoundError, ToolError
from fastmcp.exceptions import ValidationError as ArgumentError
from fastmcp.prompts.base import Prompt, PromptResult
from fastmcp.resources.base import Resource, ResourceResult
from fastmcp.resources.template import ResourceTemplate
from fastmcp.server.context import Context
from fastmcp.server.dependencies import get_context
from fastmcp.server.middleware import CallNext, Middleware, MiddlewareContext
from fastmcp.tools.base import Tool, ToolResult
from mcp.shared.exceptions import MCPError
from pydantic import ValidationError

from gateway.catalog.catalog import Catalog
from gateway.doors.caller import LogLevels, current_principal, incoming
from gateway.doors.decode import prompt_result, resource_result, tool_result
from gateway.doors.serving import Serving
from gateway.errors import GatewayError, UnknownName
from gateway.guard import Call
from gateway.model.principal import ALL_SCOPES
from gateway.model.route import Kind, Route
from gateway.observe.logs import request_id
from gateway.upstream.relay import Exchange, exchange

T = TypeVar("T")
MAX_NAMED_FAULTS = 5
SHOWN_NAME = 80


@contextmanager
def on_the_wire() -> Generator[None]:
    """Our errors as the SDK's, which keeps their code, message and data."""
    try:
        yield
    except GatewayError as error:
        raise MCPError(code=error.code, message=error.message, data=error.data) from error


class MainDoor(Middleware):
    """Finds the route of each call and takes it through the guard."""

    def __init__(self, serving: Serving):
        self._serving = serving
        self._levels = LogLevels()

    # calls

    async def on_call_tool(
        self, context: MiddlewareContext[types.CallToolRequestParams], call_next: CallNext[Any, ToolResult]
    ) -> ToolResult:
        message = context.message
        with on_the_wire():
            route = await self._find(message.name, lambda catalog: catalog.tool(message.name), "tool")
            if route is None:
                return await _known_or_error(call_next, context, "tool", message.name)
            if route.owner == "service":
                return await self._guarded(route, lambda: _checked_arguments(call_next, context), _is_tool_error)
            return await self.run(route, message.model_dump(by_alias=True, exclude_none=True, exclude={"meta"}))

    async def on_read_resource(
        self, context: MiddlewareContext[types.ReadResourceRequestParams], call_next: CallNext[Any, ResourceResult]
    ) -> ResourceResult:
        uri = str(context.message.uri)
        with on_the_wire():
            route = self._serving.catalog.resource(uri)
            if route is None:
                return await _known_or_error(call_next, context, "resource", uri)
            if route.owner == "service":
                return await self._guarded(route, lambda: _known_or_error(call_next, context, "resource", uri))
            return await self.run(route, context.message.model_dump(by_alias=True, exclude_none=True, exclude={"meta"}))

    async def on_get_prompt(
        self, context: MiddlewareContext[types.GetPromptRequestParams], call_next: CallNext[Any, PromptResult]
    ) -> PromptResult:
        name = context.message.name
        with on_the_wire():
            route = await self._find(name, lambda catalog: catalog.prompt(name), "prompt")
            if route is None:
                return await _known_or_error(call_next, context, "prompt", name)
            if route.owner == "service":
                return await self._guarded(route, lambda: _known_or_error(call_next, context, "prompt", name))
            return await self.run(route, context.message.model_dump(by_alias=True, exclude_none=True, exclude={"meta"}))

    async def run(self, route: Route, params: dict[str, Any]) -> Any:
        """Relay one call to the upstream that `route` leads to, through the guard."""
        arrived = incoming(get_context(), self._levels)
        upstream = self._serving.upstreams[route.namespace]
        call = Exchange(arrived.caller, {**params, "_meta": arrived.meta}, arrived.listener)
        decode: Callable[[str, dict[str, Any]], Any] = DECODERS[route.kind]

        async def relay() -> Any:
            return decode(route.namespace, await exchange(upstream, route, call))

        return await self._guarded(route, relay, _is_tool_error)

    async def _guarded(
        self, route: Route, run: Callable[[], Awaitable[T]], is_error: Callable[[T], bool] = lambda _: False
    ) -> T:
        arrived = incoming(get_context(), self._levels)
        call = Call(request_id.get(), route, arrived.principal, arrived.era)
        return await self._serving.guard.call(call, run, is_error)

    async def _find(self, name: str, look_up: Callable[[Catalog], Route | None], kind: Kind) -> Route | None:
        """The route of a name. A name that an upstream may just have got is asked of that upstream, once."""
        route = look_up(self._serving.catalog)
        namespace = self._serving.catalog.namespace_of(name)
        if route is not None or namespace is None:
            return route
        upstream = self._serving.upstreams.get(namespace)
        if upstream is None:  # a service may offer more than it listed when it was mounted
            return Route(kind, "service", namespace, name, name.partition("_")[2], {"name": name})
        await upstream.ask_again()
        return look_up(self._serving.catalog)

    # lists: a caller sees what it may call

    async def on_list_tools(
        self, context: MiddlewareContext[types.ListToolsRequest], call_next: CallNext[Any, Sequence[Tool]]
    ) -> Sequence[Tool]:
        return self._visible(context, await call_next(context), "tool", lambda tool: tool.name)

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
        self, context: MiddlewareContext[Any], items: Sequence[T], kind: Kind, public: Callable[[T], str]
    ) -> Sequence[T]:
        assert isinstance(context.fastmcp_context, Context)
        principal = current_principal(context.fastmcp_context)
        if principal.scopes >= ALL_SCOPES:
            return items
        routes, guard = self._serving.catalog.routes[kind], self._serving.guard
        return [item for item in items if (route := routes.get(public(item))) and guard.may_see(principal, route)]

    # the level of log messages that a legacy session wants

    async def on_request(self, context: MiddlewareContext[Any], call_next: CallNext[Any, Any]) -> Any:
        if context.method == "logging/setLevel" and isinstance(context.message, dict):
            assert isinstance(context.fastmcp_context, Context)
            self._levels.set(context.fastmcp_context.session_id, str(context.message.get("level")))
        return await call_next(context)


DECODERS: dict[Kind, Callable[[str, dict[str, Any]], Any]] = {
    "tool": tool_result,
    "resource": resource_result,
    "template": resource_result,
    "prompt": prompt_result,
}


def _is_tool_error(result: Any) -> bool:
    return isinstance(result, ToolResult) and result.is_error


async def _known_or_error(call_next: CallNext[Any, T], context: MiddlewareContext[Any], what: str, name: str) -> T:
    """What FastMCP answers, or our error for a name that it does not know either (-32602, `server/tools`)."""
    try:
        return await call_next(context)
    except NotFoundError as error:
        shown = "".join(c for c in name[:SHOWN_NAME] if c.isprintable())
        raise UnknownName(f"Unknown {what} '{shown}'. List the {what}s to see what there is.") from error


async def _checked_arguments(call_next: CallNext[Any, T], context: MiddlewareContext[Any]) -> T:
    """A service's answer; wrong arguments are named by place and fault, and their values are not echoed."""
    try:
        return await _known_or_error(call_next, context, "tool", context.message.name)
    except ArgumentError as error:
        cause = error.__cause__
        if not isinstance(cause, ValidationError):
            raise
        faults = cause.errors(include_url=False, include_context=False, include_input=False)
        told = "; ".join(
            f"{'.'.join(map(str, fault['loc']))[:SHOWN_NAME]}: {fault['msg']}" for fault in faults[:MAX_NAMED_FAULTS]
        )
        raise ToolError(f"The arguments do not fit the tool's schema. {told}") from None
