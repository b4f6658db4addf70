"""Whether code has given a FastMCP server more than its own components: then only FastMCP knows what it lists and runs.

A faster door asks this at each call, as code may add something at any time, and hands on what it cannot foretell.
"""

from fastmcp import FastMCP
from fastmcp.server.middleware.dereference import DereferenceRefsMiddleware
from fastmcp.server.providers import LocalProvider


def is_plain(server: FastMCP) -> bool:
    """Whether a server is nothing but its own components: nobody else has a say in what it lists or runs.

    FastMCP's own middleware that resolves references in schemas has none in calls, and lists always pass it.
    """
    own = server.local_provider
    return (
        type(server) is FastMCP
        and type(own) is LocalProvider
        and server.providers == [own]
        and not (server.transforms or own.transforms or server._extensions)
        and all(type(each) is DereferenceRefsMiddleware for each in server.middleware)
    )


class Listed:
    """The components that a server had when it was listed."""

    def __init__(self, server: FastMCP):
        self._server = server
        self._components = tuple(server.local_provider._components.values())
        self._is_open = all(getattr(each, "auth", None) is None for each in self._components)

    def holds(self) -> bool:
        """Whether FastMCP would list just the same for anybody."""
        now = self._server.local_provider._components
        return self._is_open and is_plain(self._server) and tuple(now.values()) == self._components
