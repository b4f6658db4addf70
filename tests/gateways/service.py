"""A service for tests: one tool, one resource and one prompt that need nothing."""

from typing import Any

from fastmcp import Context, FastMCP

server = FastMCP("own", mask_error_details=True)


@server.tool(annotations={"readOnlyHint": True})
def shout(text: str, times: int = 1) -> str:
    """Returns the text in capitals."""
    return text.upper() * times


@server.tool
def crash(text: str = "", deep: dict[str, Any] | None = None) -> str:
    """Fails in a way that nobody foresaw."""
    raise RuntimeError("the inside of a service")


@server.tool
async def shout_twice(text: str, ctx: Context) -> str:
    """Calls another tool of this service from inside."""
    once: Any = await ctx.fastmcp.call_tool("shout", {"text": text})
    return f"{once.content[0].text} {once.content[0].text}"


@server.resource("text://notes")
def notes() -> str:
    """A text."""
    return "Notes of a service."


@server.resource("text://items/{item}")
def item(item: str) -> str:
    """One item."""
    return f"Item {item}."


@server.prompt
def greet(name: str) -> str:
    """Greets someone."""
    return f"Greet {name}."
