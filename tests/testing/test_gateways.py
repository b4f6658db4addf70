"""A gateway that a test opens: with all upstreams heard, and its state where the test keeps its files."""

from pathlib import Path

import pytest

from gateway.errors import ConfigurationError
from gateway.testing.gateways import open_gateway
from gateway.testing.upstream import FakeUpstream


async def test_upstreams_are_heard(tmp_path: Path) -> None:
    with FakeUpstream() as upstream:
        upstream.answer("look", "seen")
        async with open_gateway(tmp_path, f'[upstreams.fake]\nurl = "{upstream.url}"\n') as gateway:
            assert gateway.runtime.catalog.tool("fake_look") is not None
            assert gateway.runtime.upstreams["fake"].health.state == "up"
    assert (tmp_path / "var").is_dir()


async def test_a_wrong_configuration_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"upstreams\.fake\.ulr"):
        async with open_gateway(tmp_path, '[upstreams.fake]\nulr = "http://127.0.0.1:1/mcp"\n'):
            pytest.fail("it opened")
