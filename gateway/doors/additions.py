"""Whether code has given a FastMCP server more than its own components: then only FastMCP knows what it lists and runs.

A faster door asks this at each call, as code may add something at any time, and hands on what it cannot foretell.
"""

from fastmcp import FastMCP
from fastmcp.server.middleware.dereference import DereferenceRefsMiddleware
from fastmcp.server.providers import LocalProvider


def is_plain(server: FastMCP) -> bool:
    """Whether a service is nothing but its own components: nobody else has a say in what it lists or runs.

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
