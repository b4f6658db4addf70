"""What an upstream offers when it offers something unusual, or something new: each test with a gateway of its own."""

from collections.abc import Callable
from pathlib import Path

import pytest
from fastmcp import Client

from tests.contract.conftest import Upstreams
from tests.contract.pairs import CLIENTS, RAW, Era, Kind
from tests.contract.requirements import requirement
from tests.contract.wire import wire
from tests.gateways.kit import configuration, in_memory, over_http
from tests.upstreams.kit import Command, Running
from tests.upstreams.raw.definitions import ARRAY_TOOL

each_client = pytest.mark.parametrize("era", CLIENTS)
each_upstream = pytest.mark.parametrize("upstream", RAW, indirect=True, ids=lambda kind: kind.namespace)

Behave = Callable[..., None]


@pytest.fixture
def upstream(request: pytest.FixtureRequest, every_kind: Upstreams, tmp_path: Path):
    """A raw upstream under the namespace `raw`, well again after the test."""
    kind: Kind = request.param
    chosen = every_kind[kind.namespace]
    yield chosen
    chosen.control()


@requirement("tools.structured")
@each_upstream
@each_client
async def test_structured_content_may_be_an_array(era: Era, upstream: Running | Command, tmp_path: Path) -> None:
    upstream.control(array_schema=True)
    async with over_http(tmp_path, configuration({"raw": upstream})) as (_, url), wire(url, era) as client:
        counted = (await client.call("raw_numbers", count=3)).result
        listed = {tool["name"]: tool for tool in (await client.ask("tools/list")).result["tools"]}
    assert counted["content"] == [{"type": "text", "text": "[0,1,2]"}]
    assert "raw_echo" in listed
    if era == "modern":
        assert counted["structuredContent"] == [0, 1, 2]
        assert listed["raw_numbers"]["outputSchema"] == ARRAY_TOOL["outputSchema"]
    else:
        assert "structuredContent" not in counted
        assert "outputSchema" not in listed["raw_numbers"]


@requirement("tools.new")
@each_upstream
@each_client
async def test_a_tool_that_an_upstream_just_got_is_callable_and_then_listed(
    era: Era, upstream: Running | Command, tmp_path: Path
) -> None:
    text = configuration({"raw": upstream})
    async with in_memory(tmp_path, text) as gateway, Client(gateway, mode=CLIENTS[era]) as client:
        assert "raw_later" not in {tool.name for tool in await client.list_tools()}
        upstream.control(extra=["later"])
        assert (await client.call_tool("raw_later", {"x": 1})).structured_content == {"given": {"x": 1}}
        assert "raw_later" in {tool.name for tool in await client.list_tools()}
