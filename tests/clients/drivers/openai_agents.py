"""OpenAI's agents SDK."""

import asyncio

from agents.mcp import MCPServerStreamableHttp
from told import CALLS, URL, tell


async def main() -> None:
    async with MCPServerStreamableHttp(params={"url": URL}) as server:
        listed = [tool.name for tool in await server.list_tools()]
        said = {name: (await server.call_tool(name, dict(args))).content[0].text for name, args in CALLS.items()}
    tell(listed, said)


asyncio.run(main())
