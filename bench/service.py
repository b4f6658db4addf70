"""A service of one async tool, for measuring what the gateway itself costs."""

from fastmcp import FastMCP

mcp = FastMCP("own", mask_error_details=True)


@mcp.tool
async def shout(text: str) -> str:
    """The text in capitals."""
    return text.upper()
