"""A service for tests that says how long what it gives may be kept."""

from fastmcp import FastMCP

server = FastMCP("keeping", cache_ttl=60, cache_scope="public")


@server.resource("text://steady")
def steady() -> str:
    """A text that seldom changes."""
    return "Steady."
