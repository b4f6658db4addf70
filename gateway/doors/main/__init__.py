"""The main door: FastMCP's own path, with what it needs to answer for all upstreams."""
