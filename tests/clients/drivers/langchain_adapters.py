"""LangChain's adapters: the gateway's tools as LangChain's own."""

import asyncio

from langchain_mcp_adapters.client import MultiServerMCPClient
from told import CALLS, URL, tell


async def main() -> None:
    client = MultiServerMCPClient({"gateway": {"transport": "streamable_http", "url": URL}})
    tools = {tool.name: tool for tool in await client.get_tools()}
    said = {name: (await tools[name].ainvoke(dict(args)))[0]["text"] for name, args in CALLS.items()}
    tell(tools, said)


asyncio.run(main())
