"""`python -m tests.doors.asking_server`: an upstream over stdio whose tools ask its client what a legacy server may."""

import logging
import warnings
from typing import Any

from fastmcp import Context, FastMCP
from mcp_types import SamplingMessage, TextContent

server = FastMCP("asking")


@server.tool
async def sample(ctx: Context) -> str:
    """Asks the client's model."""
    question = SamplingMessage(role="user", content=TextContent(type="text", text="Say a word."))
    session: Any = ctx.session
    return f"the model said {(await session.create_message([question], max_tokens=5)).content.text}"


@server.tool
async def roots(ctx: Context) -> str:
    """Asks which folders the client is working in."""
    session: Any = ctx.session
    return f"roots: {[str(root.uri) for root in (await session.list_roots()).roots]}"


@server.tool
async def elicit(ctx: Context) -> str:
    """Asks the user."""
    answer = await ctx.elicit("Which colour?", str)
    return f"the user did {answer.action}"


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")  # the first two are deprecated, and still asked by servers that people have
    server.run("stdio", show_banner=False)
