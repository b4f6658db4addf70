"""Pydantic AI's toolset of a server. It gives a structured result where there is one, and else the text."""

import asyncio
from typing import Any

from pydantic_ai.mcp import MCPToolset
from told import CALLS, URL, tell


def text(result: Any) -> str:
    return result["result"] if isinstance(result, dict) else result


async def main() -> None:
    async with MCPToolset(URL) as toolset:
        listed = [tool.name for tool in await toolset.list_tools()]
        said = {name: text(await toolset.direct_call_tool(name, dict(args))) for name, args in CALLS.items()}
    tell(listed, said)


asyncio.run(main())
