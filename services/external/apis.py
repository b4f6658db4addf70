"""Makes tools of the operations of OpenAPI documents, through FastMCP's provider."""

import json
from typing import Any

from fastmcp import FastMCP
from fastmcp.exceptions import ToolError
from fastmcp.server.providers.openapi import OpenAPIProvider
from fastmcp.server.providers.openapi.components import OpenAPITool
from fastmcp.server.providers.openapi.routing import HTTPRoute
from fastmcp.tools import Tool, ToolResult
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match
from jsonschema.protocols import Validator
from mcp.types import ToolAnnotations
from pydantic import PrivateAttr, ValidationError

from services.external.api_client import ApiClient, ApiTransport
from services.external.document import read_document, server_url
from services.external.guard import Refused
from services.external.operations import chosen, names, only, operations_of
from services.external.references import Unusable
from services.external.request import WITHOUT_BODY
from services.external.settings import IDEMPOTENT, ApiSettings
from services.external.web import Web


def add_apis(server: FastMCP, apis: dict[str, ApiSettings], web: Web) -> dict[str, str]:
    """Give the server a tool for each chosen operation; of each API that cannot be had, what an operator is to know.

    One bad document keeps neither the others nor the rest of the service from being served.
    """
    lost = {}
    for name, api in apis.items():
        try:
            for tool in tools_of(name, api, web):
                server.add_tool(tool)
        except Unusable as reason:
            lost[name] = f"The API '{name}' is not served. Of its document {api.document}: {reason}"
    return lost


def tools_of(name: str, api: ApiSettings, web: Web) -> list[Tool]:
    """A tool for each operation that the settings take. Raises Unusable saying what is wrong and what to do."""
    document = read_document(api.document)
    named = names(name, chosen(list(operations_of(document["paths"])), api))
    document["paths"] = only(document["paths"], named)
    by_place = {(each.method.upper(), each.path): public for each, public in named.items()}
    base_url = api.base_url or server_url(document)
    try:
        web.check(base_url)
    except Refused as refused:
        raise Unusable(f"its server may not be connected to. {refused}") from refused
    made: dict[str, Tool] = {}

    def make(route: HTTPRoute, tool: Any) -> None:
        if (public := by_place.get((route.method, route.path))) is not None:
            made[public] = ApiTool.of(public, route.method, tool)

    client = ApiClient(base_url=base_url, transport=ApiTransport(web, api))
    try:
        OpenAPIProvider(document, client, mcp_component_fn=make, validate_output=False)
    except (ValueError, RecursionError) as error:
        raise Unusable(_first(error)) from error
    if unread := [str(each) for each, public in named.items() if public not in made]:
        raise Unusable(f"these operations cannot be read: {', '.join(unread)}. Mend them, or leave them out.")
    return list(made.values())


def _first(error: Exception) -> str:
    """The first thing that is wrong with a document, without the document."""
    cause = error.__cause__ or error.__context__
    if not isinstance(cause, ValidationError):
        return "it does not hold to OpenAPI's schema. Have a validator say where."
    fault = cause.errors(include_input=False, include_url=False, include_context=False)[0]
    return f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}. Mend it."


class ApiTool(Tool):
    """One operation: FastMCP's tool, with its arguments checked by their schema before anything is sent."""

    _inner: OpenAPITool = PrivateAttr()
    _schema: Validator = PrivateAttr()

    @classmethod
    def of(cls, name: str, method: str, inner: OpenAPITool) -> "ApiTool":
        """The tool under its name. Results have no schema: what APIs answer differs too often from what they say."""
        annotations = ToolAnnotations(
            read_only_hint=method in WITHOUT_BODY,
            destructive_hint=method not in WITHOUT_BODY,
            idempotent_hint=method in IDEMPOTENT,
            open_world_hint=True,
        )
        tool = cls(
            name=name,
            description=inner.description,
            parameters=inner.parameters,
            annotations=annotations,
            tags=inner.tags,
        )
        inner.output_schema = None
        tool._inner = inner
        tool._schema = Draft202012Validator(inner.parameters)
        return tool

    async def run(self, arguments: dict[str, Any]) -> ToolResult:
        """Call the API. Raises ToolError for arguments that are wrong, and whatever the exchange raises."""
        if (error := best_match(self._schema.iter_errors(arguments))) is not None:
            wanted = json.dumps(error.validator_value)[:200]
            raise ToolError(f"The argument {error.json_path} does not hold to its schema: {error.validator} {wanted}")
        for each in self._inner._route.parameters:  # without one the path is another, perhaps that of all there are
            if each.location == "path" and arguments.get(each.name) == "":
                raise ToolError(f"The argument {each.name} is empty, and a part of the address. Give it.")
        try:
            return await self._inner.run(arguments)
        except ValueError as error:
            raise ToolError(f"{error}. Correct the argument.") from error
