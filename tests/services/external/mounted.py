"""Where a gateway finds the server that a test has made, by `module:object`."""

from fastmcp import FastMCP

server = FastMCP("external")
"""Replaced by each test that goes through a gateway."""
