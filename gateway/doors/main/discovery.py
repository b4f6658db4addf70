"""What the main door answers to `initialize` and `server/discover`: only what is really relayed."""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import mcp_types as types
from fastmcp import FastMCP
from fastmcp.server.context import Context
from fastmcp.server.middleware import CallNext, Middleware, MiddlewareContext

from gateway.catalog.catalog import Source
from gateway.catalog.freshness import least, list_hints
from gateway.catalog.offers import LISTED, offered, relayed
from gateway.doors.instructions import Instructions
from gateway.doors.main.caller import current_principal
from gateway.doors.main.lists import LISTS

Sources = Callable[[], Sequence[Source]]


class Discovery(Middleware):
    """Narrows the capabilities that the SDK derives from its handlers, and instructions to those for who asks.
    `by_principal` as for `Lists`."""

    def __init__(self, sources: Sources, by_principal: Callable[[], bool], instructions: Instructions):
        self._sources = sources
        self._by_principal = by_principal
        self._instructions = instructions

    async def on_initialize(
        self,
        context: MiddlewareContext[types.InitializeRequest],
        call_next: CallNext[types.InitializeRequest, types.InitializeResult | None],
    ) -> types.InitializeResult | None:
        result = await call_next(context)
        if result is None:
            return None
        return result.model_copy(update=await self._narrowed(context, result))

    async def on_discover(
        self,
        context: MiddlewareContext[types.DiscoverRequest],
        call_next: CallNext[types.DiscoverRequest, types.DiscoverResult | dict[str, Any]],
    ) -> types.DiscoverResult | dict[str, Any]:
        result = await call_next(context)
        if isinstance(result, dict):
            return result
        now, by_principal = time.time(), self._by_principal()
        hints = least(list_hints(method, self._sources(), now, by_principal=by_principal) for method in LISTS)
        update = {"ttl_ms": hints["ttlMs"], "cache_scope": hints["cacheScope"]}
        return result.model_copy(update={**await self._narrowed(context, result), **update})

    async def _narrowed(
        self, context: MiddlewareContext[Any], result: types.InitializeResult | types.DiscoverResult
    ) -> dict[str, Any]:
        assert isinstance(context.fastmcp_context, Context)
        sources, server = self._sources(), context.fastmcp_context.fastmcp
        own = [name for name in LISTED.keys() - offered(sources) if await HAS[name](server)]
        wire = result.capabilities.model_dump(by_alias=True, mode="json", exclude_none=True)
        capabilities = types.ServerCapabilities.model_validate(relayed(wire, sources, own))
        instructions = self._instructions.to(current_principal(context.fastmcp_context))
        return {"capabilities": capabilities, "instructions": instructions}


async def _has_tools(server: FastMCP) -> bool:
    return bool(await server.list_tools(run_middleware=False))


async def _has_prompts(server: FastMCP) -> bool:
    return bool(await server.list_prompts(run_middleware=False))


async def _has_resources(server: FastMCP) -> bool:
    listed = await server.list_resources(run_middleware=False)
    return bool(listed or await server.list_resource_templates(run_middleware=False))


HAS: Mapping[str, Callable[[FastMCP], Awaitable[bool]]] = {
    "tools": _has_tools,
    "prompts": _has_prompts,
    "resources": _has_resources,
}
