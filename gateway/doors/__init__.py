"""The ways in: the main door through FastMCP, and the gateway's own routes."""
