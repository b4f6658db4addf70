"""The provider answers from the catalog: whole, at once, and without whatever the SDK cannot bear."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from fastmcp import Client

from gateway.catalog.catalog import EMPTY, Catalog, Source, build
from gateway.doors.main.provider import CatalogProvider
from gateway.guard import Guard
from gateway.model.listing import Listing
from gateway.model.route import Route
from gateway.upstream.upstream import Upstream
from tests.doors.conftest import Watch
from tests.upstreams.kit import Running

GOOD = {"name": "echo", "inputSchema": {"type": "object"}}
ODD = {
    "schema": {"name": "odd", "inputSchema": "none"},
    "title": {"name": "odd", "inputSchema": {"type": "object"}, "title": 5},
    "annotations": {"name": "odd", "inputSchema": {"type": "object"}, "annotations": []},
    "nothing": {"name": "odd"},
}


@dataclass
class Served:
    """What is served: a catalog that a test replaces."""

    catalog: Catalog
    upstreams: Mapping[str, Upstream] = field(default_factory=dict)
    guard: Guard = field(default_factory=Guard)


async def run(route: Route, params: dict[str, Any]) -> Any:
    raise AssertionError("nothing is called here")


def provider(listing: Listing) -> tuple[CatalogProvider, Served]:
    served = Served(build([Source("upstream", "raw", listing), Source("service", "own", Listing(tools=(GOOD,)))]))
    return CatalogProvider(served, run), served


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
async def test_one_odd_tool_does_not_spoil_the_list(odd: Any, caplog: pytest.LogCaptureFixture) -> None:
    catalog, _ = provider(Listing(tools=(odd, GOOD)))
    assert [tool.name for tool in await catalog.list_tools()] == ["raw_echo"]
    assert await catalog.get_tool("raw_odd") is None
    assert "raw_odd" in caplog.text


async def test_odd_resources_templates_and_prompts_are_left_out_too() -> None:
    catalog, _ = provider(
        Listing(
            resources=({"uri": "text://a", "name": 5}, {"uri": "text://b", "name": "b"}),
            templates=({"uriTemplate": "text://a/{x}"}, {"uriTemplate": "text://b/{x}", "name": "b"}),
            prompts=({"name": "a", "arguments": "none"}, {"name": "b"}),
        )
    )
    assert [str(each.uri) for each in await catalog.list_resources()] == ["text://raw/b"]
    assert [each.uri_template for each in await catalog.list_resource_templates()] == ["text://raw/b/{x}"]
    assert [each.name for each in await catalog.list_prompts()] == ["raw_b"]


async def test_it_gives_upstreams_only_by_their_public_names() -> None:
    catalog, _ = provider(Listing(tools=(GOOD,)))
    assert [tool.name for tool in await catalog.list_tools()] == ["raw_echo"]
    assert await catalog.get_tool("echo") is None
    assert (await catalog.get_tool("raw_echo")) is not None


async def test_components_are_made_once_for_each_catalog() -> None:
    catalog, served = provider(Listing(tools=(GOOD,)))
    (first,) = await catalog.list_tools()
    assert (await catalog.list_tools())[0] is first
    served.catalog = build([Source("upstream", "raw", Listing(tools=({**GOOD, "title": "Other"},)))])
    (second,) = await catalog.list_tools()
    assert second.title == "Other"
    served.catalog = EMPTY
    assert await catalog.list_tools() == []


async def test_lists_do_not_wait_for_an_upstream(watch: Watch, raw_modern: Running) -> None:
    async with watch(raw=raw_modern) as watched, Client(watched.gateway) as client:
        raw_modern.control(fault="hang")
        raw_modern.reset()
        assert "raw_echo" in {tool.name for tool in await client.list_tools()}
        assert "text://raw/raw/notes" in {str(each.uri) for each in await client.list_resources()}
        assert len(await client.list_resource_templates()) == 2
        assert "raw_greet" in {prompt.name for prompt in await client.list_prompts()}
        assert raw_modern.record() == []
