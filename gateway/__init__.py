"""One MCP URL in front of a team's own services and any other MCP servers."""
