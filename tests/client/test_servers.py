"""Several servers under names: one that fails leaves the others working."""

import pytest

from gateway.client import Servers, value_of
from gateway.errors import UnknownName, UpstreamDown
from tests.upstreams.kit import Running


async def test_each_is_called_by_its_name(raw_modern: Running, raw_legacy: Running):
    async with Servers({"new": raw_modern.url, "old": raw_legacy.url}) as servers:
        assert list(servers) == ["new", "old"]
        for name in servers:
            assert value_of(await servers.call(name, "add", {"a": 1, "b": 2}))["sum"] == 3
        assert servers["old"].version == "2025-11-25"


async def test_one_that_is_down_leaves_the_others_working(raw_modern: Running):
    async with Servers({"up": raw_modern.url, "gone": "http://127.0.0.1:9/mcp"}) as servers:
        assert list(servers.failed) == ["gone"]
        assert value_of(await servers.call("up", "add", {"a": 1, "b": 2}))["sum"] == 3
        with pytest.raises(UpstreamDown, match="'gone' cannot be reached"):
            await servers.call("gone", "add")
        health = await servers.health()
    assert {name: each.state for name, each in health.items()} == {"up": "well", "gone": "down"}


async def test_a_name_that_is_none_is_told_with_those_there_are(raw_modern: Running):
    async with Servers({"up": raw_modern.url}) as servers:
        with pytest.raises(UnknownName, match="There are: up"):
            await servers.call("down", "add")
