"""Fake upstreams: what they offer, which eras they speak, and how they are troubled."""

import asyncio
from pathlib import Path

import pytest
from fastmcp import Client
from fastmcp.exceptions import ToolError
from mcp.shared.exceptions import MCPError

from gateway.errors import UpstreamTimeout
from gateway.testing.client import client_of
from gateway.testing.gateways import open_gateway
from gateway.testing.upstream import Eras, FakeUpstream


async def test_tools_answer_what_the_test_says() -> None:
    with FakeUpstream() as upstream:
        upstream.answer("look", "seen")
        upstream.answer("count", {"hits": 3}, read_only=True)

        @upstream.server.tool
        def twice(text: str) -> str:
            return text * 2

        async with Client(upstream.url) as client:
            assert (await client.call_tool("look", {"any": "thing"})).content[0].text == "seen"
            assert (await client.call_tool("count")).structured_content == {"hits": 3}
            assert (await client.call_tool("twice", {"text": "ab"})).data == "abab"
            hints = {
                tool.name: tool.annotations and tool.annotations.read_only_hint for tool in await client.list_tools()
            }
        assert hints == {"look": False, "count": True, "twice": None}
        assert upstream.calls == [("look", {"any": "thing"}), ("count", {}), ("twice", {"text": "ab"})]


@pytest.mark.parametrize(("era", "found"), [("both", "modern"), ("modern", "modern"), ("legacy", "legacy")])
async def test_a_gateway_finds_its_era(era: Eras, found: str, tmp_path: Path) -> None:
    with FakeUpstream(era=era) as upstream:
        upstream.answer("look", "seen")
        async with open_gateway(tmp_path, f'[upstreams.fake]\nurl = "{upstream.url}"\n') as gateway:
            assert gateway.runtime.upstreams["fake"].connector.era == found
            async with client_of(gateway) as client:
                assert (await client.call_tool("fake_look")).content[0].text == "seen"


@pytest.mark.parametrize(("era", "mode"), [("modern", "legacy"), ("legacy", "2026-07-28")])
async def test_the_other_era_is_refused(era: Eras, mode: str) -> None:
    with FakeUpstream(era=era) as upstream, pytest.raises(MCPError, match="Unsupported protocol version"):
        async with Client(upstream.url, mode=mode) as client:
            await client.list_tools()


async def test_trouble_lasts_until_it_is_mended() -> None:
    with FakeUpstream() as upstream:
        upstream.answer("look", "seen")
        upstream.fail("look", "The shelf fell over.")
        async with Client(upstream.url) as client:
            with pytest.raises(ToolError, match="The shelf fell over"):
                await client.call_tool("look")
            upstream.mend()
            assert (await client.call_tool("look")).content[0].text == "seen"


async def test_a_slow_tool_answers_in_the_end() -> None:
    with FakeUpstream() as upstream:
        upstream.answer("look", "seen")
        upstream.slow("look", 0.2)
        async with Client(upstream.url) as client:
            began = asyncio.get_running_loop().time()
            assert (await client.call_tool("look")).content[0].text == "seen"
            assert asyncio.get_running_loop().time() - began >= 0.2


async def test_what_hangs_is_the_gateways_to_end(tmp_path: Path) -> None:
    with FakeUpstream() as upstream:
        upstream.answer("look", "seen")
        upstream.hang("look")
        text = f'[upstreams.fake]\nurl = "{upstream.url}"\ndeadline = 0.3\n'
        async with open_gateway(tmp_path, text) as gateway, client_of(gateway) as client:
            with pytest.raises(MCPError) as late:
                await client.call_tool("fake_look")
        assert late.value.error.code == UpstreamTimeout.code
        assert upstream.calls == [("look", {})]


async def test_it_ends_while_a_call_hangs(tmp_path: Path) -> None:
    with FakeUpstream() as upstream:
        upstream.answer("look", "seen")
        upstream.hang("look")
        text = f'[upstreams.fake]\nurl = "{upstream.url}"\ndeadline = 20\n'
        async with open_gateway(tmp_path, text) as gateway, client_of(gateway) as client:
            call = asyncio.create_task(client.call_tool("fake_look"))
            await upstream.arrived()
            await asyncio.to_thread(upstream.stop)
            with pytest.raises(MCPError, match=r"Upstream 'fake' .* not known whether the call ran"):
                await call
