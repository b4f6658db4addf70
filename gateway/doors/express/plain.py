"""Plain tools of services, called straight: with FastMCP's own validation and result, and nothing of it around them.

Plain is a function that takes its arguments and nothing else of FastMCP's, on a service that is nothing but its own
components. Whatever else a tool may be or need is left to the main door.
"""

import sys
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from fastmcp import FastMCP
from fastmcp.exceptions import FastMCPError
from fastmcp.exceptions import ValidationError as ArgumentError
from fastmcp.server.dependencies import without_injected_parameters
from fastmcp.tools.base import InputRequiredToolResult, ToolResult
from fastmcp.tools.function_tool import FunctionTool
from fastmcp.utilities.exceptions import get_http_status_code, is_timeout_error
from mcp.server.runner import modern_error_data
from mcp.shared.exceptions import MCPError
from mcp.shared.inbound import x_mcp_header_map
from mcp_types import INTERNAL_ERROR, MISSING_REQUIRED_CLIENT_CAPABILITY, CallToolResult
from mcp_types.methods import serialize_server_result
from pydantic import BaseModel, ValidationError

from gateway.catalog.catalog import Catalog
from gateway.doors.additions import is_plain
from gateway.doors.arguments import argument_error
from gateway.doors.express.context import Asked, InContext
from gateway.doors.express.inbound import Inbound
from gateway.doors.links import with_public_links
from gateway.doors.requests import is_call
from gateway.doors.serving import Serving
from gateway.model.route import Route
from gateway.observe.logs import get_logger
from gateway.upstream.session import MODERN
from gateway.upstream.shapes import is_text
from gateway.upstream.tracing import is_recorded

log = get_logger(__name__)

# Keys of a tool's `_meta` that FastMCP acts upon.
ACTED_UPON = frozenset({"fastmcp", "ui"})


class PlainTool(NamedTuple):
    """A plain tool, the route to it and the service that it belongs to."""

    route: Route
    server: FastMCP
    tool: FunctionTool

    async def run(self, asked: Asked) -> dict[str, Any]:
        """The result on the wire, whatever the tool did; its own failures are results (`server/tools`, Error Handling).

        Raises:
            MCPError: the request cannot be served at all.
        """
        try:
            with InContext(self.server, asked):
                result = await self.tool.run(asked.inbound.params.get("arguments") or {})
        except ArgumentError as error:
            return self._failed(argument_error(error), error.log_level)
        except FastMCPError as error:
            return self._failed(error, error.log_level)
        except ValidationError as error:
            raise MCPError.from_error_data(modern_error_data(error)) from error
        except Exception as error:  # noqa: BLE001  # whatever a service's code raises is the tool's failure, as at the main door
            return self._crashed(error)
        return _wire(_model(with_public_links(self.route.namespace, result)))

    def _failed(self, error: Exception, level: int) -> dict[str, Any]:
        log.log(level, "tool failed", service=self.server.name, tool=self.tool.name)
        return _error(str(error))

    def _crashed(self, error: Exception) -> dict[str, Any]:
        """What FastMCP says of an error that nobody foresaw, in its order."""
        if isinstance(error, MCPError) and error.error.code == MISSING_REQUIRED_CLIENT_CAPABILITY:
            raise error
        status = get_http_status_code(error)
        log.error("tool failed", service=self.server.name, tool=self.tool.name, exc_info=status is None)
        if status == 429:
            return _error("Rate limited by upstream API, please retry later")
        if is_timeout_error(error):
            return _error("Upstream request timed out, please retry")
        said = f"Error calling tool {self.tool.name!r}"
        return _error(said if self.server._mask_error_details else f"{said}: {error}")


class PlainTools:
    """Finds plain tools. `is_as_made`: whether code has left the gateway itself as it was made."""

    def __init__(self, serving: Serving, services: Callable[[], Mapping[str, FastMCP]], is_as_made: Callable[[], bool]):
        self._serving = serving
        self._services = services
        self._is_as_made = is_as_made
        self._looked_at: Catalog | None = None
        self._known: dict[str, tuple[object, bool]] = {}

    def find(self, request: Inbound) -> PlainTool | None:
        """The plain tool that `request` calls; None for whatever is not that.

        A trace that somebody records, and a choice of the tool's version, are FastMCP's.
        """
        if request.method != "tools/call" or not is_call("tool", request.params) or "fastmcp" in request.meta:
            return None
        route = self._serving.catalog.tool(request.params["name"])
        server = self._services().get(route.namespace) if route is not None and route.owner == "service" else None
        if route is None or server is None or not is_plain(server) or not self._is_as_made():
            return None
        if is_recorded() or "prefab_ui" in sys.modules:
            return None
        tool = server.local_provider._get_component(f"{FunctionTool.make_key(route.original)}@")
        return (
            PlainTool(route, server, tool) if isinstance(tool, FunctionTool) and self._is_plain(route, tool) else None
        )

    def _is_plain(self, route: Route, tool: FunctionTool) -> bool:
        if self._looked_at is not self._serving.catalog:
            self._looked_at = self._serving.catalog
            self._known = {}
        looked_at, plain = self._known.get(route.public, (None, False))
        if looked_at is not tool:
            plain = _is_plain_tool(tool)
            self._known[route.public] = (tool, plain)
        return plain


def _is_plain_tool(tool: FunctionTool) -> bool:
    return (
        type(tool) is FunctionTool
        and tool.auth is None
        and tool.task_config.mode == "forbidden"
        and ACTED_UPON.isdisjoint(tool.meta or ())
        and not x_mcp_header_map(tool.parameters)
        and without_injected_parameters(tool.fn, run_in_thread=tool.run_in_thread) is tool.fn
    )


def _model(result: ToolResult) -> BaseModel:
    if isinstance(result, InputRequiredToolResult):
        return result.input_required
    came = result.to_mcp_result()
    if isinstance(came, CallToolResult):
        return came
    content, structured = came if isinstance(came, tuple) else (came, None)
    return CallToolResult(content=content, structured_content=structured)


def _wire(model: BaseModel) -> dict[str, Any]:
    result = model.model_dump(by_alias=True, mode="json", exclude_none=True)
    if is_text(result):  # as most are: it saves them the validation
        return result
    try:
        return serialize_server_result("tools/call", MODERN, result)
    except ValidationError as error:
        log.exception("a tool's result is none")
        raise MCPError(code=INTERNAL_ERROR, message="Handler returned an invalid result") from error


def _error(text: str) -> dict[str, Any]:
    return {"content": [{"type": "text", "text": text}], "isError": True, "resultType": "complete"}
