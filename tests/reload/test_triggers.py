"""What makes a gateway that serves go over to another configuration."""

import asyncio
import signal
from pathlib import Path

from fastmcp import Client
from fastmcp.client.messages import MessageHandler
from mcp_types import ToolListChangedNotification

from tests.cli.running import PATIENCE, Up, up
from tests.gateways.kit import configuration, over_stdio, plain_http, served, written
from tests.upstreams.kit import Running
from tests.upstreams.messages import messages_of, modern_request


def heard_of(process: Up, because: str) -> None:
    process.wait_for(f'"because": "{because}"')


async def test_a_changed_file_and_a_signal(tmp_path: Path, raw_modern: Running):
    written(tmp_path, configuration({}))
    with up(tmp_path) as process:
        async with Client(process.url) as client:
            written(tmp_path, configuration({"raw": raw_modern}))
            heard_of(process, "a file changed")
            assert (await client.call_tool("raw_echo", {"text": "a"})).content[0].text == "a"
            process.send(signal.SIGHUP)
            heard_of(process, "SIGHUP")
            assert (await client.call_tool("raw_echo", {"text": "b"})).content[0].text == "b"
        assert process.stop() == 0


class Told(MessageHandler):
    """A client that hears when lists change."""

    def __init__(self) -> None:
        self.tools = asyncio.Event()

    async def on_tool_list_changed(self, message: ToolListChangedNotification) -> None:
        self.tools.set()


async def test_over_stdio_a_changed_file_is_enough_and_a_legacy_client_is_told(tmp_path: Path, raw_modern: Running):
    told = Told()
    async with Client(over_stdio(tmp_path, configuration({})), mode="legacy", message_handler=told) as client:
        assert "raw_echo" not in {tool.name for tool in await client.list_tools()}
        written(tmp_path, configuration({"raw": raw_modern}))
        async with asyncio.timeout(PATIENCE):
            await told.tools.wait()
        assert "raw_echo" in {tool.name for tool in await client.list_tools()}


async def test_a_modern_client_is_told(tmp_path: Path, raw_modern: Running):
    body, headers = modern_request("subscriptions/listen", notifications={"toolsListChanged": True})
    with served(tmp_path, configuration({})) as gateway:
        async with plain_http() as http, http.stream("POST", gateway.url, json=body, headers=headers) as answer:
            messages = messages_of(answer)
            assert (await anext(messages))["method"] == "notifications/subscriptions/acknowledged"
            written(tmp_path, configuration({"raw": raw_modern}))
            assert (await anext(messages))["method"] == "notifications/tools/list_changed"
