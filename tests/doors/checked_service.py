"""A service for tests that checks itself who may see its tool."""

from fastmcp import FastMCP

server = FastMCP("kinds", mask_error_details=True)


@server.tool(auth=lambda _: True)
async def text(text: str) -> str:
    """Text, for whoever may have it."""
    return text
