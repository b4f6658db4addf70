"""What `fastmcp.json` points at."""

from gateway.app import create_gateway as create_gateway
