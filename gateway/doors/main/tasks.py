"""Tasks of upstreams (SEP-2663): looked after by `tasks/get`, `tasks/update` and `tasks/cancel`."""

from collections.abc import Mapping
from contextlib import nullcontext
from functools import partial
from typing import Any

import mcp_types as types
from fastmcp import FastMCP
from fastmcp.server.context import Context
from fastmcp.server.dependencies import bind_request_context
from mcp.server.context import ServerRequestContext
from mcp.shared.exceptions import MCPError
from mcp.shared.inbound import MCP_NAME_HEADER, decode_header_value
from mcp_types import HEADER_MISMATCH, METHOD_NOT_FOUND, MISSING_REQUIRED_CLIENT_CAPABILITY
from pydantic import ConfigDict, Field

from gateway.catalog.catalog import Catalog
from gateway.doors.main.caller import Incoming, incoming
from gateway.doors.main.door import on_the_wire
from gateway.doors.midcall import LogLevels
from gateway.doors.serving import Serving
from gateway.errors import UnknownName
from gateway.model.call import Call
from gateway.model.route import Route
from gateway.observe.request_ids import bound_request_id, request_id
from gateway.upstream.relay import Exchange, follow
from gateway.upstream.tasks import EXTENSION, METHODS, Task, TaskIds, declares_tasks


class TaskParams(types.RequestParams):
    """What all three methods take; further members, such as `inputResponses`, go on as they are."""

    model_config = ConfigDict(extra="allow")

    task_id: str = Field(alias="taskId")


class Tasks:
    """Answers the three methods, and is advertised while some upstream has tasks."""

    def __init__(self, serving: Serving, ids: TaskIds, gateway: FastMCP):
        self._serving = serving
        self._ids = ids
        self._gateway = gateway
        self._server = gateway._mcp_server

    def catalog_changed(self, _: Catalog) -> None:
        """Offer tasks, or no longer: the SDK cannot take a handler back itself."""
        if any(upstream.has_tasks for upstream in self._serving.upstreams.values()):
            self._server.extensions[EXTENSION] = {}
            for method in METHODS:
                self._server.add_request_handler(method, TaskParams, partial(self._answer, method))
        else:
            self._server.extensions.pop(EXTENSION, None)
            for method in METHODS:
                self._server._request_handlers.pop(method, None)

    async def _answer(self, method: str, request: ServerRequestContext[Any, Any], params: TaskParams) -> dict[str, Any]:
        with on_the_wire(), bind_request_context(request), nullcontext() if request_id.get() else bound_request_id():
            async with Context(fastmcp=self._gateway, session=request.session) as context:
                arrived = incoming(context, LogLevels())
            check_request(method, request, params.task_id, arrived)
            task = self._ids.find(arrived.principal.subject, params.task_id)
            upstream = self._serving.upstreams.get(task.namespace) if task is not None else None
            if task is None or upstream is None:
                raise UnknownName("There is no such task, or it is not yours.")
            sent = params.model_dump(mode="json", by_alias=True, exclude={"meta"})
            exchange = Exchange(arrived.caller, {**sent, "_meta": arrived.meta}, arrived.listener)
            call = Call(request_id.get(), self._route(task), arrived.principal, arrived.era)
            relayed = partial(follow, upstream, task, method, params.task_id, exchange)
            return await self._serving.guard.call(call, relayed, lambda _: False)

    def _route(self, task: Task) -> Route:
        """That of the tool, listed or no longer: whoever may not call it now may not have its result either."""
        listed = self._serving.catalog.tool(task.tool)
        if listed is not None and listed.namespace == task.namespace:
            return listed
        return Route("tool", "upstream", task.namespace, task.tool, task.tool, {})


def check_request(method: str, request: ServerRequestContext[Any, Any], id: str, arrived: Incoming) -> None:
    """That a request about a task is one of this era, says so in its header, and comes of a client that knows tasks.

    Raises:
        MCPError: what the specification has for each (SEP-2663: Backward Compatibility, Routing Headers, Errors).
    """
    if arrived.era == "legacy":
        raise MCPError(code=METHOD_NOT_FOUND, message=f"There is no {method} in this version of the protocol.")
    headers: Mapping[str, str] | None = getattr(request.request, "headers", None)
    if headers is not None and decode_header_value(headers.get(MCP_NAME_HEADER)) != id:
        raise MCPError(code=HEADER_MISMATCH, message="The Mcp-Name header is not the request's taskId.")
    if not declares_tasks(arrived.listener.capabilities):
        raise missing_capability()


def missing_capability() -> MCPError:
    """What a client hears that asks for tasks without having said that it knows them."""
    return MCPError(
        code=MISSING_REQUIRED_CLIENT_CAPABILITY,
        message=f"Declare the extension {EXTENSION} in the request's client capabilities.",
        data={"requiredCapabilities": {"extensions": {EXTENSION: {}}}},
    )
