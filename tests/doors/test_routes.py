"""Every name that can be called has a route, and no other has one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from fastmcp import FastMCP

from gateway.catalog.catalog import Catalog, Source, build
from gateway.doors.routes import Routes, upstream_of
from gateway.errors import UnknownName
from gateway.guard import Guard
from gateway.model.listing import Listing
from gateway.model.route import Kind
from gateway.upstream.upstream import Upstream
from tests.doors.conftest import Watch
from tests.gateways.kit import configuration, in_memory, written
from tests.upstreams.kit import Running

LISTING = Listing(
    tools=({"name": "echo", "inputSchema": {"type": "object"}, "annotations": {"readOnlyHint": True}},),
    resources=({"uri": "text://notes", "name": "notes"},),
    prompts=({"name": "greet"},),
)


@dataclass
class Served:
    """A catalog of one service that is listed, and no upstream."""

    catalog: Catalog = field(default_factory=lambda: build([Source("service", "own", LISTING)]))
    upstreams: Mapping[str, Upstream] = field(default_factory=dict)
    guard: Guard = field(default_factory=Guard)


@pytest.fixture
def server() -> FastMCP:
    """What FastMCP knows: things that came after the listing, under the service's namespace and under none."""
    server = FastMCP("gateway")

    def said() -> str:
        return "said"

    def dated(day: str) -> str:
        return day

    server.tool(name="own_later", annotations={"readOnlyHint": True})(said)
    server.tool(name="workflow")(said)
    server.tool(name="behind", meta={"fastmcp": {"tool_hash": "0123456789ab"}, "ui": {"visibility": ["app"]}})(said)
    server.prompt(name="hint")(said)
    server.resource("memo://today")(said)
    server.resource("memo://{day}")(dated)
    return server


@pytest.mark.parametrize(
    ("kind", "name", "namespace", "public", "read_only"),
    [
        ("tool", "own_echo", "own", "own_echo", True),
        ("resource", "text://own/notes", "own", "text://own/notes", True),
        ("resource", "text://own/unlisted", "own", "text://own/unlisted", True),
        ("prompt", "own_greet", "own", "own_greet", True),
        ("tool", "own_later", "own", "own_later", True),
        ("tool", "workflow", "gateway", "workflow", False),
        ("tool", "0123456789ab_behind", "gateway", "behind", False),
        ("prompt", "hint", "gateway", "hint", True),
        ("resource", "memo://today", "gateway", "memo://today", True),
        ("resource", "memo://monday", "gateway", "memo://monday", True),
    ],
)
async def test_what_can_be_called_has_a_route(
    server: FastMCP, kind: Kind, name: str, namespace: str, public: str, read_only: bool
) -> None:
    route = await Routes(Served()).find(server, kind, name)
    assert route is not None
    assert (route.owner, route.namespace, route.public, route.read_only) == ("service", namespace, public, read_only)


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("tool", "own_nothing"),
        ("tool", "nothing"),
        ("tool", ""),
        ("tool", "fedcba987654_behind"),
        ("tool", "own_greet"),
        ("prompt", "own_echo"),
        ("prompt", "workflow"),
        ("resource", "memos://monday"),
        ("resource", "text://nobody/notes"),
        ("resource", ""),
    ],
)
async def test_nothing_else_has(server: FastMCP, kind: Kind, name: str) -> None:
    assert await Routes(Served()).find(server, kind, name) is None


async def test_only_the_upstream_that_a_name_would_belong_to_is_asked_for_it(
    watch: Watch, raw_modern: Running, raw_legacy: Running
) -> None:
    async with watch(raw=raw_modern, old=raw_legacy) as watched:
        routes = Routes(watched.gateway.runtime)
        raw_modern.control(extra=["later"])
        for upstream in (raw_modern, raw_legacy):
            upstream.reset()
        route = await routes.find(watched.gateway, "tool", "raw_later")
        assert await routes.find(watched.gateway, "tool", "raw_later") == route
        assert "tools/list" in [entry["rpc"] for entry in raw_modern.record()]
        assert "tools/list" not in [entry["rpc"] for entry in raw_legacy.record()]
    assert repr(route) == "<tool raw_later -> upstream raw:later>"


async def test_a_component_in_a_list_has_the_catalogs_route_where_there_is_one(server: FastMCP) -> None:
    served = Served()
    tool = await server.get_tool("workflow")
    assert tool is not None
    assert Routes(served).of("tool", "own_echo", tool) is served.catalog.tool("own_echo")


async def test_an_upstream_that_was_removed_meanwhile_is_said_to_be_gone(raw_modern: Running, tmp_path: Path):
    async with in_memory(tmp_path, configuration({"raw": raw_modern})) as gateway:
        route = gateway.runtime.catalog.tool("raw_echo")
        assert route is not None
        assert upstream_of(gateway.runtime, route) is gateway.runtime.upstreams["raw"]
        written(tmp_path, configuration({}))
        await gateway.reloader.reload("test")
        with pytest.raises(UnknownName, match="'raw' is not configured any more"):
            upstream_of(gateway.runtime, route)
