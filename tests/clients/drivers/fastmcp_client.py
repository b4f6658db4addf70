"""FastMCP's client, in either era."""

import asyncio

from fastmcp import Client
from told import CALLS, MODE, URL, tell


async def main() -> None:
    async with Client(URL, mode=MODE) as client:
        listed = [tool.name for tool in await client.list_tools()]
        said = {name: (await client.call_tool(name, dict(args))).content[0].text for name, args in CALLS.items()}
    tell(listed, said)


asyncio.run(main())
