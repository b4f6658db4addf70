"""The client of `mcp` 1.x."""

import asyncio

from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client
from told import CALLS, URL, tell


async def main() -> None:
    async with streamable_http_client(URL) as (read, write, _), ClientSession(read, write) as session:
        await session.initialize()
        listed = [tool.name for tool in (await session.list_tools()).tools]
        said = {name: (await session.call_tool(name, dict(args))).content[0].text for name, args in CALLS.items()}
    tell(listed, said)


asyncio.run(main())
