"""Which route a name has: the catalog's, or that of something which no listing has told of."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from fastmcp import FastMCP
from fastmcp.server.providers.addressing import parse_hashed_backend_name
from fastmcp.tools.base import Tool
from fastmcp.utilities.components import FastMCPComponent

from gateway.catalog.catalog import LONGEST_URI, Catalog
from gateway.doors.own import OWN
from gateway.doors.serving import Serving
from gateway.errors import InvalidRequest, UnknownName, UpstreamDown
from gateway.model.route import Kind, Route
from gateway.upstream.upstream import Upstream


class Routes:
    """Finds routes in what is being served."""

    def __init__(self, serving: Serving):
        self._serving = serving

    async def find(self, server: FastMCP, kind: Kind, name: str) -> Route | None:
        """The route of a name; None where nobody has it.

        A name that an upstream may just have got is asked of that upstream, once. Any other may be something that
        `server`, the gateway itself, knows: a service's tool that came later, or one that code has put there.

        Raises:
            InvalidRequest: the name is longer than any that could lead somewhere.
        """
        look_up = LOOK_UP[kind]
        route = look_up(self._serving.catalog, name)
        if route is not None:
            return route
        if len(name) > LONGEST_URI:
            raise InvalidRequest(f"A name or URI may have {LONGEST_URI:,} characters.")
        upstream = self._serving.upstreams.get(_namespace(self._serving.catalog, kind, name))
        if upstream is not None:
            await upstream.ask_again()
            return look_up(self._serving.catalog, name)
        component = await GETTERS[kind](server, name)
        if component is None:
            return None
        return self.of(kind, component.name if kind in NAMED else name, component)

    def never_heard(self, kind: Kind, name: str) -> UpstreamDown | None:
        """What is to be said of the upstream that a name seems to belong to, if nobody knows what it offers."""
        upstream = self._serving.upstreams.get(name.partition("_")[0]) if kind in NAMED else None
        return upstream.never_heard() if upstream is not None else None

    def of(self, kind: Kind, public: str, component: FastMCPComponent) -> Route:
        """The route of something that FastMCP knows: the catalog's, or else one to the namespace that it is named for.

        What has no namespace was added to the gateway itself, by code or by a transform, and counts as its own.
        """
        catalog = self._serving.catalog
        found = catalog.routes[kind].get(public) or (None if kind in NAMED else catalog.resource(public))
        if found is not None:
            return found
        hints = component.annotations if isinstance(component, Tool) else None
        read_only = kind != "tool" or (hints is not None and hints.read_only_hint is True)
        namespace = _namespace(catalog, kind, public) or OWN
        return Route(kind, "service", namespace, public, public, {}, read_only, read_only)


def upstream_of(serving: Serving, route: Route) -> Upstream:
    """The upstream that a route leads to.

    Raises:
        UnknownName: the configuration changed since the route was found, and has no such upstream any more.
    """
    upstream = serving.upstreams.get(route.namespace)
    if upstream is None:
        raise UnknownName(f"The upstream '{route.namespace}' is not configured any more. List the {route.kind}s anew.")
    return upstream


Lead = tuple[Route, Upstream]
"""A route, and the upstream that it leads to."""


def lead_over_http(serving: Serving, kind: Kind, name: str) -> Lead | None:
    """Where a name leads that is an upstream's over HTTP; None for any other, and for one not in the catalog."""
    route = LOOK_UP[kind](serving.catalog, name)
    if route is None or route.owner != "upstream":
        return None
    upstream = serving.upstreams[route.namespace]
    speech = upstream.connector.speech
    return (route, upstream) if speech is not None and speech.transport == "http" else None


def _namespace(catalog: Catalog, kind: Kind, name: str) -> str:
    """The namespace that a name begins with; a URI of a known namespace has a route anyway."""
    return (catalog.namespace_of(name) or "") if kind in NAMED else ""


async def _tool(server: FastMCP, name: str) -> FastMCPComponent | None:
    """A tool by its name, or by the one under which the page of an app calls it."""
    hashed = parse_hashed_backend_name(name)
    return await server.get_tool(name) or (await server.get_tool_by_hash(*hashed) if hashed is not None else None)


async def _resource(server: FastMCP, uri: str) -> FastMCPComponent | None:
    return await server.get_resource(uri) or await server.get_resource_template(uri)


NAMED: frozenset[Kind] = frozenset({"tool", "prompt"})
LOOK_UP: Final[Mapping[Kind, Callable[[Catalog, str], Route | None]]] = {
    "tool": Catalog.tool,
    "resource": Catalog.resource,
    "prompt": Catalog.prompt,
}
GETTERS: Mapping[Kind, Callable[[FastMCP, str], Awaitable[FastMCPComponent | None]]] = {
    "tool": _tool,
    "resource": _resource,
    "prompt": FastMCP.get_prompt,
}
