"""In memory and over stdio the gateway does what it does over HTTP."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from fastmcp import Client
from mcp.shared.exceptions import MCPError

from tests.contract.conftest import Upstreams
from tests.contract.pairs import CLIENTS, KINDS, Era
from tests.contract.requirements import requirement
from tests.gateways.kit import configuration, in_memory, over_stdio

INVALID_PARAMS = -32602

ways = pytest.mark.parametrize("way", ["memory", "stdio"])
each_client = pytest.mark.parametrize("era", CLIENTS)


@asynccontextmanager
async def connected(way: str, era: Era, folder: Path, text: str, **options: Any) -> AsyncGenerator[Any]:
    """A client of a gateway that is reached in this way."""
    if way == "stdio":
        async with Client(over_stdio(folder, text), mode=CLIENTS[era], **options) as client:
            yield client
    else:
        async with in_memory(folder, text) as gateway, Client(gateway, mode=CLIENTS[era], **options) as client:
            yield client


class Ear:
    """Keeps what it hears: progress as numbers, log messages as levels, questions as texts."""

    def __init__(self) -> None:
        self.heard: list[Any] = []

    async def progress(self, progress: float, total: float | None, message: str | None) -> None:
        self.heard.append(progress)

    async def log(self, message: Any) -> None:
        self.heard.append(message.level)

    async def ask(self, message: str, kind: Any, params: Any, context: Any) -> dict[str, str]:
        self.heard.append(message)
        return {"answer": "blue"}


@requirement("eras.any-door", "eras.pairing")
@ways
@each_client
async def test_everything_of_every_upstream_works(
    way: str, era: Era, every_kind: Upstreams, gateway: Any, tmp_path: Path
) -> None:
    async with connected(way, era, tmp_path, configuration(every_kind)) as client:
        tools = {tool.name for tool in await client.list_tools()}
        prompts = {prompt.name for prompt in await client.list_prompts()}
        for kind in KINDS:
            name = kind.namespace
            assert {f"{name}_echo", f"{name}_slow"} <= tools
            assert f"{name}_greet" in prompts
            assert (await client.call_tool(f"{name}_echo", {"text": name})).content[0].text == name
            read = await client.read_resource(f"text://{name}/{kind.home}/items/7")
            assert "7" in read[0].text
            greeting = await client.get_prompt(f"{name}_greet", {"name": name})
            assert name in greeting.messages[0].content.text
            with pytest.raises(MCPError) as refusal:
                await client.call_tool(f"{name}_nothing")
            assert refusal.value.error.code == INVALID_PARAMS


@requirement("eras.any-door", "progress.order", "elicitation.legacy", "mrtr.pass")
@ways
@each_client
async def test_an_upstream_speaks_and_asks_meanwhile_and_can_be_stopped(
    way: str, era: Era, every_kind: Upstreams, gateway: Any, tmp_path: Path
) -> None:
    upstream = every_kind["modern" if era == "modern" else "session"]
    ear = Ear()
    handlers = {"log_handler": ear.log, "elicitation_handler": ear.ask}
    async with connected(way, era, tmp_path, configuration({"raw": upstream}), **handlers) as client:
        await client.call_tool("raw_progress", {"steps": 2}, progress_handler=ear.progress)
        await client.call_tool("raw_log", {"level": "error", "message": "look"})
        answer = await client.call_tool("raw_ask", {"question": "Which colour?"})
        assert answer.structured_content == {"action": "accept", "answer": "blue"}
        call = asyncio.create_task(client.call_tool("raw_slow", {"seconds": 30}))
        await upstream.wait_for("started", "slow")
        call.cancel()
        await upstream.wait_for("cancelled", "slow")
    assert ear.heard == [1, 2, "error", "Which colour?"]
