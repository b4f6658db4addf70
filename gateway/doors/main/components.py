"""The catalog's upstream routes as FastMCP components, which list themselves as the upstream defined them."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

import mcp_types
from fastmcp.prompts.base import Prompt, PromptArgument, PromptResult
from fastmcp.resources.base import Resource, ResourceResult
from fastmcp.resources.template import ResourceTemplate
from fastmcp.tools.base import Tool, ToolResult
from fastmcp.utilities.components import FastMCPComponent
from pydantic import PrivateAttr

from gateway.catalog.eras import legacy_tool
from gateway.model.route import Kind, Route

# Answers one call of a route with `params`, through the guard.
Run = Callable[[Route, dict[str, Any]], Awaitable[Any]]


class RelayTool(Tool):
    """A tool of an upstream."""

    _route: Route = PrivateAttr()
    _run_route: Run = PrivateAttr()

    @classmethod
    def of(cls, route: Route, run: Run) -> "RelayTool":
        """The tool that `route` leads to."""
        wire = mcp_types.Tool.model_validate(route.definition)
        tool = cls(
            name=wire.name,
            title=wire.title,
            description=wire.description,
            parameters=wire.input_schema,
            output_schema=wire.output_schema,
            annotations=wire.annotations,
            icons=wire.icons,
            meta=wire.meta,
        )
        tool._route, tool._run_route = route, run
        return tool

    def to_mcp_tool(self, **overrides: Any) -> mcp_types.Tool:
        return mcp_types.Tool.model_validate({**self._route.definition, **overrides})

    def for_legacy(self) -> "RelayTool":
        """The same tool, as a legacy client can read it."""
        definition = legacy_tool(self._route.definition)
        if definition is self._route.definition:
            return self
        return RelayTool.of(replace(self._route, definition=definition), self._run_route)

    async def run(self, arguments: dict[str, Any]) -> ToolResult:
        return await self._run_route(self._route, {"name": self._route.public, "arguments": arguments})


class RelayResource(Resource):
    """A resource of an upstream."""

    _route: Route = PrivateAttr()
    _run_route: Run = PrivateAttr()

    @classmethod
    def of(cls, route: Route, run: Run) -> "RelayResource":
        """The resource that `route` leads to."""
        wire = mcp_types.Resource.model_validate(route.definition)
        resource = cls(uri=wire.uri, name=wire.name, title=wire.title, description=wire.description, meta=wire.meta)
        resource._route, resource._run_route = route, run
        return resource

    def to_mcp_resource(self, **overrides: Any) -> mcp_types.Resource:
        return mcp_types.Resource.model_validate({**self._route.definition, **overrides})

    async def read(self) -> ResourceResult:
        return await self._run_route(self._route, {"uri": self._route.public})


class RelayTemplate(ResourceTemplate):
    """A resource template of an upstream."""

    _route: Route = PrivateAttr()

    @classmethod
    def of(cls, route: Route, run: Run) -> "RelayTemplate":
        """The template that `route` leads to. What is read from it is found by its namespace, not by matching."""
        wire = mcp_types.ResourceTemplate.model_validate(route.definition)
        template = cls(uri_template=wire.uri_template, name=wire.name, description=wire.description, parameters={})
        template._route = route
        return template

    def to_mcp_template(self, **overrides: Any) -> mcp_types.ResourceTemplate:
        return mcp_types.ResourceTemplate.model_validate({**self._route.definition, **overrides})

    def matches(self, uri: str) -> dict[str, Any] | None:
        return None


class RelayPrompt(Prompt):
    """A prompt of an upstream."""

    _route: Route = PrivateAttr()
    _run_route: Run = PrivateAttr()

    @classmethod
    def of(cls, route: Route, run: Run) -> "RelayPrompt":
        """The prompt that `route` leads to."""
        wire = mcp_types.Prompt.model_validate(route.definition)
        arguments = [
            PromptArgument(name=each.name, description=each.description, required=bool(each.required))
            for each in wire.arguments or ()
        ]
        prompt = cls(
            name=wire.name, title=wire.title, description=wire.description, arguments=arguments, meta=wire.meta
        )
        prompt._route, prompt._run_route = route, run
        return prompt

    def to_mcp_prompt(self, **overrides: Any) -> mcp_types.Prompt:
        return mcp_types.Prompt.model_validate({**self._route.definition, **overrides})

    async def render(self, arguments: dict[str, Any] | None = None) -> PromptResult:
        return await self._run_route(self._route, {"name": self._route.public, "arguments": arguments or {}})


FACTORIES: Mapping[Kind, Callable[[Route, Run], FastMCPComponent]] = {
    "tool": RelayTool.of,
    "resource": RelayResource.of,
    "template": RelayTemplate.of,
    "prompt": RelayPrompt.of,
}
