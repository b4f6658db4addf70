"""Completion of arguments, asked of whoever owns the prompt or template (`server/utilities/completion`)."""

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import mcp_types as types
from fastmcp import FastMCP
from fastmcp.server.context import Context
from fastmcp.server.dependencies import bind_request_context
from mcp.server.context import HandlerResult, ServerRequestContext
from pydantic import ValidationError

from gateway.catalog.catalog import Catalog
from gateway.doors.main.caller import Incoming, incoming
from gateway.doors.main.door import on_the_wire
from gateway.doors.midcall import LogLevels
from gateway.doors.routes import upstream_of
from gateway.doors.serving import Serving
from gateway.errors import UnknownName, UpstreamBroken
from gateway.model.call import Call
from gateway.model.route import Route
from gateway.observe.request_ids import bound_request_id, request_id
from gateway.upstream.relay import Exchange, complete

METHOD = "completion/complete"
NOTHING = types.CompleteResult(completion=types.Completion(values=[]))

Request = ServerRequestContext[Any, Any]
Reference = types.PromptReference | types.ResourceTemplateReference


class Completions:
    """Answers `completion/complete`, and is advertised while some service or upstream completes anything."""

    def __init__(self, serving: Serving, services: Callable[[], Mapping[str, FastMCP]], gateway: FastMCP):
        self._serving = serving
        self._services = services
        self._gateway = gateway

    def catalog_changed(self, _: Catalog) -> None:
        """Offer completion, or no longer: the SDK advertises what has a handler, and cannot take one back itself."""
        server = self._gateway._mcp_server
        upstreams = ("completions" in each.listing.capabilities for each in self._serving.upstreams.values())
        if any(_completes(each) for each in self._services().values()) or any(upstreams):
            server.add_request_handler(METHOD, types.CompleteRequestParams, self._complete)
        else:
            server._request_handlers.pop(METHOD, None)

    async def _complete(self, request: Request, params: types.CompleteRequestParams) -> HandlerResult:
        with on_the_wire(), bind_request_context(request), nullcontext() if request_id.get() else bound_request_id():
            async with Context(fastmcp=self._gateway, session=request.session) as context:
                arrived = incoming(context, LogLevels())
            route = self._find(params.ref)
            call = Call(request_id.get(), route, arrived.principal, arrived.era)

            async def answered() -> HandlerResult:
                if route.owner == "service":
                    return await self._of_service(route, request, params)
                return await self._of_upstream(route, arrived, params)

            return await self._serving.guard.call(call, answered, lambda _: False)

    async def _of_service(self, route: Route, request: Request, params: types.CompleteRequestParams) -> HandlerResult:
        """What the service's own handler says, under the service's own name for the prompt or template."""
        service = self._services().get(route.namespace)
        handler = service._mcp_server.get_request_handler(METHOD) if service is not None else None
        if handler is None:
            return NOTHING
        own = params.model_copy(update={"ref": _reference(route, params.ref)})
        return await handler.handler(replace(request, params=own.model_dump(by_alias=True, exclude_none=True)), own)

    async def _of_upstream(
        self, route: Route, arrived: Incoming, params: types.CompleteRequestParams
    ) -> types.CompleteResult:
        sent = params.model_dump(mode="json", by_alias=True, exclude_none=True, exclude={"ref", "meta"})
        exchange = Exchange(arrived.caller, {**sent, "_meta": arrived.meta}, arrived.listener)
        found = await complete(upstream_of(self._serving, route), route, exchange)
        try:
            return types.CompleteResult.model_validate(found)
        except ValidationError as error:
            raise UpstreamBroken(route.namespace, f"answered {METHOD} with no such result.") from error

    def _find(self, reference: Reference) -> Route:
        catalog = self._serving.catalog
        if isinstance(reference, types.PromptReference):
            route = catalog.prompt(reference.name)
        else:
            route = catalog.routes["template"].get(reference.uri) or catalog.resource(reference.uri)
        if route is None:
            raise UnknownName("There is no such prompt or template to complete. List them to see what there is.")
        return route


def _completes(service: FastMCP) -> bool:
    return service._mcp_server.get_request_handler(METHOD) is not None


def _reference(route: Route, public: Reference) -> Reference:
    key = "name" if route.kind == "prompt" else "uri"
    return public.model_copy(update={key: route.original})
