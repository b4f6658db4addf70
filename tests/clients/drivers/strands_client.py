"""The client of Strands agents."""

from mcp.client.streamable_http import streamable_http_client
from strands.tools.mcp import MCPClient
from told import CALLS, URL, tell

with MCPClient(lambda: streamable_http_client(URL)) as client:
    listed = [tool.tool_name for tool in client.list_tools_sync()]
    said = {name: client.call_tool_sync(name, name, dict(args))["content"][0]["text"] for name, args in CALLS.items()}
tell(listed, said)
