"""One FastMCP provider for all upstreams. It answers from the catalog: no I/O in any `list_*` or `get_*`."""

from collections.abc import Sequence
from typing import Any

from fastmcp.prompts.base import Prompt
from fastmcp.resources.base import Resource
from fastmcp.resources.template import ResourceTemplate
from fastmcp.server.providers import Provider
from fastmcp.tools.base import Tool
from fastmcp.utilities.versions import VersionSpec
from pydantic import ValidationError

from gateway.catalog.catalog import KINDS, Catalog
from gateway.doors.main.components import FACTORIES, Run
from gateway.doors.serving import Serving
from gateway.model.route import Kind, Route
from gateway.observe.logs import get_logger

log = get_logger(__name__)


class CatalogProvider(Provider):
    """The upstreams' tools, resources, templates and prompts, made once per catalog."""

    def __init__(self, serving: Serving, run: Run):
        super().__init__()
        self._serving = serving
        self._run = run
        self._made_from: Catalog | None = None
        self._made: dict[Kind, dict[str, Any]] = {}

    def _components(self, kind: Kind) -> dict[str, Any]:
        catalog = self._serving.catalog
        if catalog is not self._made_from:
            self._made = {each: self._make(catalog, each) for each in KINDS}
            self._made_from = catalog
        return self._made[kind]

    def _make(self, catalog: Catalog, kind: Kind) -> dict[str, Any]:
        routes = [route for route in catalog.routes[kind].values() if route.owner == "upstream"]
        made = {route.public: self._make_one(kind, route) for route in routes}
        return {name: component for name, component in made.items() if component is not None}

    def _make_one(self, kind: Kind, route: Route) -> Any:
        """A component, or None for a definition that the SDK refuses: one odd tool must not spoil a list."""
        try:
            return FACTORIES[kind](route, self._run)
        except ValidationError as error:
            log.warning("left out of the main door", name=route.public, faults=error.error_count())
            return None

    async def _list_tools(self) -> Sequence[Tool]:
        return list(self._components("tool").values())

    async def _get_tool(self, name: str, version: VersionSpec | None = None) -> Tool | None:
        return self._components("tool").get(name)

    async def _list_resources(self) -> Sequence[Resource]:
        return list(self._components("resource").values())

    async def _get_resource(self, uri: str, version: VersionSpec | None = None) -> Resource | None:
        return self._components("resource").get(uri)

    async def _list_resource_templates(self) -> Sequence[ResourceTemplate]:
        return list(self._components("template").values())

    async def _get_resource_template(self, uri: str, version: VersionSpec | None = None) -> ResourceTemplate | None:
        return None

    async def _list_prompts(self) -> Sequence[Prompt]:
        return list(self._components("prompt").values())

    async def _get_prompt(self, name: str, version: VersionSpec | None = None) -> Prompt | None:
        return self._components("prompt").get(name)
