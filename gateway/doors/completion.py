"""Completion of arguments, asked of whoever owns the prompt or template (`server/utilities/completion`)."""

from collections.abc import Mapping
from contextlib import nullcontext
from typing import Any

import mcp_types as types
from fastmcp.server.dependencies import get_access_token
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel.server import Server
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import ValidationError

from gateway.catalog.catalog import Catalog
from gateway.doors.main import on_the_wire
from gateway.doors.serving import Serving
from gateway.errors import UnknownName, UpstreamBroken
from gateway.guard import Call
from gateway.model.route import Route
from gateway.observe.logs import bound_request_id, request_id
from gateway.policy.authenticate import principal_of
from gateway.upstream.relay import Exchange, complete
from gateway.upstream.sharing import Caller

METHOD = "completion/complete"
NOTHING = types.CompleteResult(completion=types.Completion(values=[]))


class Completions:
    """Answers `completion/complete`, and is advertised while some upstream completes anything."""

    def __init__(self, serving: Serving, server: Server[Any]):
        self._serving = serving
        self._server = server

    def catalog_changed(self, _: Catalog) -> None:
        """Offer completion, or no longer: the SDK advertises what has a handler, and cannot take one back itself."""
        if any("completions" in each.listing.capabilities for each in self._serving.upstreams.values()):
            self._server.add_request_handler(METHOD, types.CompleteRequestParams, self._complete)
        else:
            self._server._request_handlers.pop(METHOD, None)

    async def _complete(
        self, context: ServerRequestContext[Any, Any], params: types.CompleteRequestParams
    ) -> types.CompleteResult:
        with on_the_wire(), nullcontext() if request_id.get() else bound_request_id():
            route = self._find(params.ref)
            if route.owner == "service":
                return NOTHING
            modern = context.protocol_version in MODERN_PROTOCOL_VERSIONS
            principal = principal_of(get_access_token())
            call = Call(request_id.get(), route, principal, "modern" if modern else "legacy")
            session = None if modern or context.request is None else context.request.headers.get("mcp-session-id")
            meta = context.params.get("_meta") if isinstance(context.params, Mapping) else None
            sent = params.model_dump(mode="json", by_alias=True, exclude_none=True, exclude={"ref", "meta"})
            exchange = Exchange(Caller(principal.subject, session), {**sent, "_meta": meta or {}})

            async def relayed() -> types.CompleteResult:
                found = await complete(self._serving.upstreams[route.namespace], route, exchange)
                try:
                    return types.CompleteResult.model_validate(found)
                except ValidationError as error:
                    raise UpstreamBroken(route.namespace, f"answered {METHOD} with no such result.") from error

            return await self._serving.guard.call(call, relayed, lambda _: False)

    def _find(self, reference: types.PromptReference | types.ResourceTemplateReference) -> Route:
        catalog = self._serving.catalog
        if isinstance(reference, types.PromptReference):
            route = catalog.prompt(reference.name)
        else:
            route = catalog.routes["template"].get(reference.uri) or catalog.resource(reference.uri)
        if route is None:
            raise UnknownName("There is no such prompt or template to complete. List them to see what there is.")
        return route
